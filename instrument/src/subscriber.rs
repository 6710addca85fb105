//! Front end 1: tokio's own spans.

use crate::recorder::Recorder;

/// The recorder of tracing's current default, if that is one of ours.
#[inline]
pub(crate) fn recorder_of_the_default() -> Option<&'static Recorder> {
    None
}
