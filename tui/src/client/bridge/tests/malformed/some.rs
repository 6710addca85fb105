//! Messages that are anything.

use console_api::{
    Attribute, Field, Location, PollStats,
    async_ops::{self, AsyncOp, AsyncOpUpdate},
    field,
    register_metadata::NewMetadata,
    resources::{self, PollOp, Resource, ResourceUpdate},
};
use proptest::{collection::vec, option, prelude::*};

use super::super::*;

/// Few, so that they meet.
fn some_id() -> impl Strategy<Value = Option<Id>> {
    option::weighted(0.9, (0_u64..4).prop_map(|id| Id { id }))
}

fn some_meta() -> impl Strategy<Value = Option<MetaId>> {
    option::of((0_u64..3).prop_map(|id| MetaId { id }))
}

fn some_time() -> impl Strategy<Value = Option<Timestamp>> {
    let seconds = prop_oneof![90_i64..200, any::<i64>()];
    let nanos = prop_oneof![Just(0), any::<i32>()];
    option::of((seconds, nanos).prop_map(|(seconds, nanos)| Timestamp { seconds, nanos }))
}

fn some_text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,9}", "[\u{1b}\u{202e}\"ß]{0,300}", Just("locked".to_owned())]
}

fn some_field() -> impl Strategy<Value = Field> {
    let names = ["task.name", "task.id", "size.bytes", "kind", "fn", "locked", "current_readers"];
    let name = prop_oneof![
        proptest::sample::select(names.to_vec())
            .prop_map(|name| field::Name::StrName(name.to_owned())),
        any::<u64>().prop_map(field::Name::NameIdx),
        (0_u64..3).prop_map(field::Name::NameIdx),
    ];
    let value = prop_oneof![
        some_text().prop_map(field::Value::DebugVal),
        any::<u64>().prop_map(field::Value::U64Val),
        any::<i64>().prop_map(field::Value::I64Val),
        any::<bool>().prop_map(field::Value::BoolVal),
    ];
    (option::of(name), option::of(value), some_meta())
        .prop_map(|(name, value, metadata_id)| Field { name, value, metadata_id })
}

fn some_attributes() -> impl Strategy<Value = Vec<Attribute>> {
    let attribute = (option::of(some_field()), option::of(some_text()));
    vec(attribute.prop_map(|(field, unit)| Attribute { field, unit }), 0..3)
}

fn some_location() -> impl Strategy<Value = Option<Location>> {
    let numbers = (option::of(any::<u32>()), option::of(any::<u32>()));
    let place = (option::of(some_text()), option::of(some_text()), numbers);
    option::of(place.prop_map(|(file, module_path, (line, column))| Location {
        file,
        module_path,
        line,
        column,
    }))
}

fn some_polls() -> impl Strategy<Value = Option<PollStats>> {
    let times = (some_time(), some_time(), some_time());
    let busy = option::of((any::<i64>(), any::<i32>()));
    option::of((any::<u64>(), times, busy).prop_map(|(polls, (first, started, ended), busy)| {
        PollStats {
            polls,
            first_poll: first,
            last_poll_started: started,
            last_poll_ended: ended,
            busy_time: busy.map(|(seconds, nanos)| prost_types::Duration { seconds, nanos }),
        }
    }))
}

fn some_tasks() -> impl Strategy<Value = TaskUpdate> {
    let task = (some_id(), some_meta(), any::<i32>(), vec(some_field(), 0..4), some_location());
    let task = task.prop_map(|(id, metadata, kind, fields, location)| tasks::Task {
        id,
        metadata,
        kind,
        fields,
        location,
        parents: Vec::new(),
    });
    let counts = (any::<u64>(), 0_u64..3, 0_u64..3);
    let stats = (some_time(), some_time(), some_time(), counts, some_polls());
    let stats = stats.prop_map(|(created_at, dropped_at, last_wake, counts, poll_stats)| {
        let (wakes, waker_clones, waker_drops) = counts;
        tasks::Stats {
            created_at,
            dropped_at,
            wakes,
            waker_clones,
            waker_drops,
            last_wake,
            poll_stats,
            self_wakes: wakes,
            scheduled_time: None,
        }
    });
    let dropped = prop_oneof![Just(0), any::<u64>()];
    (vec(task, 0..4), vec((0_u64..4, stats), 0..4), dropped).prop_map(
        |(new_tasks, stats, dropped_events)| TaskUpdate {
            new_tasks,
            stats_update: stats.into_iter().collect(),
            dropped_events,
        },
    )
}

fn some_resources() -> impl Strategy<Value = ResourceUpdate> {
    let types = ["Mutex", "RwLock", "Semaphore", "Sleep", "Sender|Receiver", ""];
    let kind = option::of(any::<i32>().prop_map(|known| resources::resource::Kind {
        kind: Some(resources::resource::kind::Kind::Known(known)),
    }));
    let ids = (some_id(), some_id(), some_meta());
    let new = (ids, proptest::sample::select(types.to_vec()), kind, some_location(), any::<bool>());
    let new =
        new.prop_map(|((id, parent, metadata), name, kind, location, is_internal)| Resource {
            id,
            metadata,
            concrete_type: name.to_owned(),
            kind,
            location,
            parent_resource_id: parent,
            is_internal,
        });
    let stats = (some_time(), some_time(), some_attributes());
    let stats = stats.prop_map(|(created_at, dropped_at, attributes)| resources::Stats {
        created_at,
        dropped_at,
        attributes,
    });
    let poll = (some_id(), some_id(), some_id(), any::<bool>());
    let poll = poll.prop_map(|(resource_id, task_id, async_op_id, is_ready)| PollOp {
        metadata: None,
        resource_id,
        name: String::new(),
        task_id,
        async_op_id,
        is_ready,
    });
    (vec(new, 0..4), vec((0_u64..4, stats), 0..4), vec(poll, 0..4)).prop_map(
        |(new_resources, stats, new_poll_ops)| ResourceUpdate {
            new_resources,
            stats_update: stats.into_iter().collect(),
            new_poll_ops,
            dropped_events: 0,
        },
    )
}

fn some_ops() -> impl Strategy<Value = AsyncOpUpdate> {
    let new = (some_id(), some_id(), some_text());
    let new = new.prop_map(|(id, resource_id, source)| AsyncOp {
        id,
        metadata: None,
        source,
        parent_async_op_id: None,
        resource_id,
    });
    let stats = (some_time(), some_time(), some_id(), some_polls());
    let stats = stats.prop_map(|(created_at, dropped_at, task_id, poll_stats)| async_ops::Stats {
        created_at,
        dropped_at,
        task_id,
        poll_stats,
        attributes: Vec::new(),
    });
    (vec(new, 0..4), vec((0_u64..4, stats), 0..4), any::<u64>()).prop_map(
        |(new_async_ops, stats, dropped_events)| AsyncOpUpdate {
            new_async_ops,
            stats_update: stats.into_iter().collect(),
            dropped_events,
        },
    )
}

pub(super) fn some_update() -> impl Strategy<Value = Update> {
    let metadata = (some_meta(), vec(some_text(), 0..3));
    let metadata = metadata.prop_map(|(id, field_names)| NewMetadata {
        id,
        metadata: Some(console_api::Metadata { field_names, ..Default::default() }),
    });
    let metadata = vec(metadata, 0..3).prop_map(|metadata| RegisterMetadata { metadata });
    let parts = (
        some_time(),
        option::of(some_tasks()),
        option::of(some_resources()),
        option::of(some_ops()),
        option::of(metadata),
    );
    parts.prop_map(|(now, task_update, resource_update, async_op_update, new_metadata)| Update {
        now,
        task_update,
        resource_update,
        async_op_update,
        new_metadata,
    })
}
