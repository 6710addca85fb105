//! What a filter sees of a row. The fields that the protocol does not tell have no value,
//! so nothing about them is found.

use holdover::filtering::{Field, Subject};
use holdover_proto::v1;

use crate::{
    subject::{At, Texts, one},
    words,
};

/// A row of which only some is told.
pub(super) struct Told<'a, T>(pub(super) At<'a, T>);

impl<'a, T> Told<'a, T> {
    pub(super) fn at(row: &'a T, now: u64) -> Self {
        Self(At(row, now))
    }
}

impl<'a, T> Subject for Told<'a, T>
where
    At<'a, T>: Subject,
{
    fn texts(&self, field: Field) -> Texts<'_> {
        let mut texts = self.0.texts(field);
        texts.retain(|text| !text.is_empty());
        texts
    }

    fn number(&self, field: Field) -> Option<u64> {
        match field {
            Field::Children | Field::Bytes => None,
            Field::Size => self.0.number(field).filter(|size| *size > 0),
            _ => self.0.number(field),
        }
    }
}

impl Subject for At<'_, v1::Event> {
    fn texts(&self, field: Field) -> Texts<'_> {
        let event = self.0;
        let is_verdict = event.verdict() != v1::Verdict::Unspecified;
        let is_held = event.holding() != v1::HoldingKind::Unspecified;
        match field {
            Field::Event => one(words::event(event.kind())),
            Field::Verdict if is_verdict => one(words::verdict(event.verdict())),
            Field::Holds if is_held => one(words::kind(event.holding())),
            Field::Name => event.task.as_ref().map(|task| one(&task.name)).unwrap_or_default(),
            Field::Loc | Field::Acquired => one(&event.site),
            Field::Label => one(&event.what),
            _ => Vec::new(),
        }
    }

    fn number(&self, field: Field) -> Option<u64> {
        match field {
            Field::Id => self.0.task.as_ref().map(|task| task.id),
            Field::Age => Some(self.1.saturating_sub(self.0.at_ns)),
            Field::Since => self.0.lasted_ns,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use holdover::Filter;

    use super::*;

    #[test]
    fn nothing_is_found_of_what_is_not_told() {
        let task = v1::Task { id: 7, holdings_unknown: true, ..v1::Task::default() };
        let finds =
            |filter: &str| Filter::parse(filter).expect(filter).matches(&Told::at(&task, 0));
        assert!(finds("id:7 polls<1 age<1s"));
        for untold in ["children<1", "size<1", "bytes<1", "holdings<1", "runtime<1", "loc~\"^$\""] {
            assert!(!finds(untold), "{untold}");
        }
    }
}
