//! What is printed where no screen is drawn: lines for people, JSON for programs.

mod json;
pub(crate) mod text;

use std::io::{self, Write};

use holdover_proto::v1;

use crate::{
    Failure, Now,
    client::{self, Address, Failed},
};

/// Rows asked for at once.
const PAGE: u32 = 500;

/// Prints the leaks of this moment.
pub(crate) async fn leaks(address: &Address, as_json: bool, _now: Now) -> Result<(), Failure> {
    let (mut client, described) = client::connect(address).await.map_err(failure)?;
    let mut out = io::stdout().lock();
    let mut offset = 0;
    loop {
        let kind = v1::ViewKind::Leaks.into();
        let view = v1::View { kind, limit: PAGE, offset, ..v1::View::default() };
        let request = v1::WatchRequest { view: Some(view) };
        let mut updates = client.watch(request).await.map_err(|it| lost(&it))?.into_inner();
        let update = updates.message().await.map_err(|it| lost(&it))?.unwrap_or_default();
        for leak in &update.leaks {
            if as_json {
                writeln!(out, "{}", json::leak(leak, &described, update.now_ns))?;
            } else {
                writeln!(out, "{}", text::leak(leak, update.now_ns))?;
            }
        }
        offset += PAGE;
        if u64::from(offset) >= update.matched {
            if !as_json && update.matched == 0 {
                writeln!(out, "{}", text::no_leaks(&update))?;
            }
            return Ok(());
        }
    }
}

fn failure(failed: Failed) -> Failure {
    match failed {
        Failed::Connect(why) | Failed::Refused(why) => Failure::Connect(why),
    }
}

fn lost(status: &tonic::Status) -> Failure {
    match status.code() {
        tonic::Code::InvalidArgument => Failure::Usage(status.message().to_owned()),
        _ => Failure::Connect(format!("the target went away: {}", status.message())),
    }
}
