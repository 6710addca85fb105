//! What a client may do to the service, where it may do anything.

use holdover_proto::v1;
use tonic::Status;

use super::Console;
use crate::{
    recorder::{Level, table},
    report,
    settings::A_LEVEL,
};

/// Cancels a task.
pub(super) fn cancel(
    console: &Console,
    request: &v1::CancelRequest,
) -> Result<v1::CancelResponse, Status> {
    console.control.map_err(Status::permission_denied)?;
    let reason = Some(request.reason.as_str()).filter(|reason| !reason.is_empty());
    Ok(match console.recorder.cancel(request.task, &request.who, reason) {
        Ok(requested_at) => v1::CancelResponse {
            requested_ns: Some(requested_at),
            said: format!("task #{} is asked to stop", request.task),
        },
        Err(why) => v1::CancelResponse {
            requested_ns: None,
            said: format!("task #{} cannot be cancelled: {why}", request.task),
        },
    })
}

/// Changes how much is recorded.
pub(super) fn set_level(
    console: &Console,
    request: &v1::SetLevelRequest,
) -> Result<v1::SetLevelResponse, Status> {
    console.control.map_err(Status::permission_denied)?;
    let Some(level) = Level::named(&request.level) else {
        let why = format!("the level is {:?}: expected {A_LEVEL}", table::cut(&request.level));
        return Err(Status::invalid_argument(why));
    };
    // No view is evaluated meanwhile.
    let store = console.store();
    let before = console.recorder.set_level(level, tracing_core::callsite::rebuild_interest_cache);
    drop(store);
    if before != level {
        report::level_set(before.name(), level.name());
    }
    Ok(v1::SetLevelResponse {
        before: before.name().to_owned(),
        recording_since_ns: console.recorder.on_since(),
    })
}
