//! `holdover cancel` and `holdover level`: acting on the target.

use std::{
    io::{self, Write},
    time::Duration,
};

use holdover_proto::v1;
use tonic::{Code, Status};

use super::{failure, lost};
use crate::{
    Failure,
    args::{Cancel, Level},
    client::{self, Client},
    control,
    format::{safe, span},
};

/// For so long it is waited for what becomes of the task.
const WAITS: Duration = Duration::from_secs(3);

/// Asks a task to stop, and prints what became of it.
pub(crate) async fn cancel(what: Cancel) -> Result<(), Failure> {
    let (mut client, _) = client::connect(&what.address).await.map_err(failure)?;
    let request = v1::CancelRequest {
        task: what.task.0,
        who: control::who(),
        reason: what.reason.unwrap_or_default(),
    };
    let answer = client.cancel(request).await.map_err(|it| refused(&it))?.into_inner();
    let said = safe(&answer.said);
    if answer.requested_ns.is_none() {
        return Err(Failure::Refused(said.into_owned()));
    }
    writeln!(io::stdout(), "{said}")?;
    let became = became(&mut client, what.task.0).await?;
    writeln!(io::stdout(), "{became}")?;
    Ok(())
}

async fn became(client: &mut Client, task: u64) -> Result<String, Failure> {
    let kind = v1::ViewKind::Story.into();
    let view = v1::View { kind, task, interval_ms: 20, ..v1::View::default() };
    let request = v1::WatchRequest { view: Some(view) };
    let mut updates = client.watch(request).await.map_err(|it| lost(&it))?.into_inner();
    let mut last = "it is not recorded any more".to_owned();
    let ended = async {
        while let Some(update) = updates.message().await? {
            let Some(story) = &update.story else { return Ok(last.clone()) };
            if let Some(became) = control::became(story) {
                return Ok(became);
            }
            last = control::goes_on(story, update.now_ns);
        }
        Err(Status::unavailable("the target ended the stream"))
    };
    match tokio::time::timeout(WAITS, ended).await {
        Ok(ended) => ended.map_err(|it| lost(&it)),
        Err(_) => Ok(last),
    }
}

/// Prints how much is recorded, or sets it.
pub(crate) async fn level(what: Level) -> Result<(), Failure> {
    let (mut client, described) = client::connect(&what.address).await.map_err(failure)?;
    let coverage = described.coverage.unwrap_or_default();
    let Some(level) = what.level else {
        let since = match coverage.recording_since_ns {
            0 => String::new(),
            at => format!(", switched on {} after the start", span(at)),
        };
        writeln!(io::stdout(), "{}{since}", safe(&coverage.level))?;
        return Ok(());
    };
    let request = v1::SetLevelRequest { level: level.clone() };
    let before = client.set_level(request).await.map_err(|it| refused(&it))?.into_inner().before;
    if before == level {
        writeln!(io::stdout(), "the level is {level} already")?;
    } else {
        writeln!(io::stdout(), "the level is {level}; it was {}", safe(&before))?;
    }
    Ok(())
}

/// The target does not allow it, or is too old to know it.
fn refused(status: &Status) -> Failure {
    match status.code() {
        Code::PermissionDenied => Failure::Usage(safe(status.message()).into_owned()),
        Code::Unimplemented => {
            Failure::Usage("the service's version of holdover cannot do this".to_owned())
        }
        _ => lost(status),
    }
}
