//! Whatever a target sends, the table takes it and every view can be shown.

mod some;

use std::collections::HashMap;

use console_api::{
    Attribute, Field, field,
    resources::{self, Resource, ResourceUpdate},
};
use proptest::{collection::vec, option, prelude::*};

use self::some::some_update;
use super::*;

fn shows_everything(state: &State) {
    let kinds = (1..=8).chain([v1::ViewKind::Tokens.into(), v1::ViewKind::TaskGroups.into()]);
    let filters = ["", "age>1s or name:a", "holds:lock and -state:idle", "event:ended"];
    for (kind, filter) in kinds.flat_map(|kind| filters.map(|filter| (kind, filter))) {
        for sort in ["", "-age", "name"] {
            let (filter, sort) = (filter.to_owned(), sort.to_owned());
            let wire =
                v1::View { kind, filter, sort, task: 1, cleared: true, ..Default::default() };
            let view = View::new(wire).expect("it makes sense");
            let update = view::evaluate(state, &view);
            assert!(update.matched <= update.all);
        }
    }
    let described = describe::describe(state, "");
    assert!(!described.coverage.expect("coverage").blind.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_messages_are_taken_and_shown(updates in vec(some_update(), 1..6)) {
        let mut state = State::default();
        for update in updates {
            state.apply(update);
            shows_everything(&state);
        }
    }

    #[test]
    fn a_number_is_never_that_of_another_task(updates in vec(some_update(), 1..12)) {
        let mut state = State::default();
        let mut whose = HashMap::new();
        let mut last = 0;
        for update in updates {
            state.apply(update);
            let tasks = &state.table.tasks;
            for (id, task) in tasks {
                let made = task.stats.and_then(|stats| stats.created);
                prop_assert_eq!(state.table.numbered(task.number).map(|(id, _)| id), Some(*id));
                prop_assert_eq!(*whose.entry(task.number).or_insert(*id), *id, "{:?}", made);
            }
            prop_assert!(state.table.spawned >= last);
            last = state.table.spawned;
        }
    }

    #[test]
    fn no_text_that_is_kept_is_longer_than_it_may_be(
        text in "[a-zß]{200,900}",
        attributes in 0_usize..60,
    ) {
        let mut state = State::default();
        let field = Field {
            name: Some(field::Name::StrName(text.clone())),
            value: Some(field::Value::StrVal(text.clone())),
            metadata_id: None,
        };
        let attribute = Attribute { field: Some(field), unit: Some(text.clone()) };
        let stats = resources::Stats {
            created_at: Some(at(100)),
            dropped_at: None,
            attributes: vec![attribute; attributes],
        };
        let new = Resource { id: Some(Id { id: 1 }), concrete_type: text.clone(), ..Default::default() };
        let resource_update = Some(ResourceUpdate {
            new_resources: vec![new],
            stats_update: [(1, stats)].into(),
            ..ResourceUpdate::default()
        });
        state.apply(Update { now: Some(at(101)), resource_update, ..Update::default() });
        let resource = state.table.resources.values().next().expect("it");
        prop_assert!(resource.concrete_type.len() <= 256);
        prop_assert!(resource.attributes.len() <= 16);
        prop_assert!(resource.attributes.iter().all(|said| said.len() <= 256));
    }

    #[test]
    fn details_that_make_no_sense_are_taken(
        bytes in vec(any::<u8>(), 0..300),
        (most, high, highest) in (any::<u64>(), any::<u64>(), option::of(any::<u64>())),
    ) {
        let garbage = tasks::DurationHistogram {
            raw_histogram: bytes.clone(),
            max_value: most,
            high_outliers: high,
            highest_outlier: highest,
        };
        let polls = tasks::task_details::PollTimesHistogram::LegacyHistogram(bytes);
        let details = TaskDetails {
            poll_times_histogram: Some(polls),
            scheduled_times_histogram: Some(garbage),
            ..TaskDetails::default()
        };
        let (polls, scheduled) = histogram::of(&details);
        prop_assert!(polls.is_none_or(|it| it.buckets.len() <= 300));
        prop_assert!(scheduled.is_none_or(|it| it.beyond == high));
    }

    #[test]
    fn bytes_that_happen_to_be_a_message_are_taken(bytes in vec(any::<u8>(), 0..200)) {
        if let Ok(update) = <Update as prost::Message>::decode(bytes.as_slice()) {
            let mut state = State::default();
            state.apply(update);
            shows_everything(&state);
        }
    }
}
