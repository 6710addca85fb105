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
    args::{Cancel, Level, TokenId},
    client::{self, Client},
    control,
    format::{safe, span},
    names,
};

/// For so long it is waited for what becomes of who was asked.
const WAITS: Duration = Duration::from_secs(3);

/// Asks a task to stop, or cancels a token, and prints what became of it.
pub(crate) async fn cancel(what: Cancel) -> Result<(), Failure> {
    let address = crate::target(what.address)?;
    let (mut client, _) = client::connect(&address).await.map_err(failure)?;
    let (who, reason) = (control::who(), what.reason.unwrap_or_default());
    let task = what.task.map_or(0, |task| task.0);
    let answer = match what.token {
        None => client.cancel(v1::CancelRequest { task, who, reason }).await,
        Some(token) => {
            let (token, name) = match token {
                TokenId::Number(number) => (number, String::new()),
                TokenId::Named(name) => (0, name),
            };
            client.cancel_token(v1::CancelTokenRequest { token, name, who, reason }).await
        }
    };
    let answer = answer.map_err(|it| refused(&it))?.into_inner();
    let said = safe(&answer.said);
    let Some(at) = answer.requested_ns else { return Err(Failure::Refused(said.into_owned())) };
    writeln!(io::stdout(), "{said}")?;
    let became = match answer.token {
        0 => became(&mut client, task).await?,
        token => {
            let token = names::numbered_token(&answer.token_name, token);
            became_of(&mut client, &token, at).await?
        }
    };
    writeln!(io::stdout(), "{became}")?;
    Ok(())
}

/// What became of those that the token asked at this time.
async fn became_of(client: &mut Client, token: &str, at: u64) -> Result<String, Failure> {
    let kind = v1::ViewKind::Tokens.into();
    let view =
        v1::View { kind, limit: 1, requested_ns: at, interval_ms: 20, ..v1::View::default() };
    let request = v1::WatchRequest { view: Some(view) };
    let mut updates = client.watch(request).await.map_err(|it| lost(&it))?.into_inner();
    let mut last = control::became_of(token, None);
    let all_ended = async {
        while let Some(update) = updates.message().await? {
            let asked = update.asked.unwrap_or_default();
            last = control::became_of(token, Some(&asked));
            if asked.ended == asked.tasks {
                return Ok(last.clone());
            }
        }
        Err(Status::unavailable("the target ended the stream"))
    };
    match tokio::time::timeout(WAITS, all_ended).await {
        Ok(ended) => ended.map_err(|it| lost(&it)),
        Err(_) => Ok(last),
    }
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
pub(super) fn refused(status: &Status) -> Failure {
    match status.code() {
        Code::PermissionDenied => Failure::Usage(safe(status.message()).into_owned()),
        Code::Unimplemented => {
            Failure::Usage("the service's version of holdover cannot do this".to_owned())
        }
        _ => lost(status),
    }
}
