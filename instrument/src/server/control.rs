//! What a client may do to the service, where it may do anything.

use holdover_proto::v1;
use tonic::Status;

use super::Console;
use crate::{
    recorder::{
        Level,
        control::{AskedBy, WhichToken},
        table,
    },
    report,
    settings::A_LEVEL,
};

/// Cancels a task.
pub(super) fn cancel(
    console: &Console,
    request: &v1::CancelRequest,
) -> Result<v1::CancelResponse, Status> {
    console.control.map_err(Status::permission_denied)?;
    let reason = given(&request.reason);
    Ok(match console.recorder.cancel(request.task, &request.who, reason) {
        Ok(requested_at) => v1::CancelResponse {
            requested_ns: Some(requested_at),
            said: format!("task #{} is asked to stop", request.task),
            ..v1::CancelResponse::default()
        },
        Err(why) => v1::CancelResponse {
            requested_ns: None,
            said: format!("task #{} cannot be cancelled: {why}", request.task),
            ..v1::CancelResponse::default()
        },
    })
}

/// Cancels a token.
pub(super) fn cancel_token(
    console: &Console,
    request: &v1::CancelTokenRequest,
) -> Result<v1::CancelResponse, Status> {
    console.control.map_err(Status::permission_denied)?;
    let (which, called) = match request.token {
        0 => (WhichToken::Named(&request.name), table::cut(&request.name).to_owned()),
        number => (WhichToken::Number(number), format!("#{number}")),
    };
    // No round runs before the request is followed: nobody that it asks is missed.
    let mut store = console.store();
    let asked = console.recorder.ask_by_token(which, &request.who, given(&request.reason));
    if let Ok(AskedBy { at, .. }) = &asked {
        store.follow(*at);
    }
    drop(store);
    Ok(match asked {
        Ok(AskedBy { at, facts, token }) => {
            token.cancel();
            let token_name = facts.name.as_deref().unwrap_or_default().to_owned();
            let number = format!("#{}", facts.number);
            let called = [token_name.as_str(), &number].join(" ");
            v1::CancelResponse {
                requested_ns: Some(at),
                said: format!("token {} is cancelled", called.trim_start()),
                token: facts.number,
                token_name,
            }
        }
        Err(why) => v1::CancelResponse {
            requested_ns: None,
            said: format!("token {called} cannot be cancelled: {why}"),
            ..v1::CancelResponse::default()
        },
    })
}

fn given(reason: &str) -> Option<&str> {
    Some(reason).filter(|reason| !reason.is_empty())
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
