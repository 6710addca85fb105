//! `holdover tokens`: those that live, and whom each asks.

use std::io::{self, Write};

use holdover_proto::v1;

use super::{PAGE, control::refused, failure, json};
use crate::{
    Failure, args,
    client::{self, Client},
    control,
    format::{place, safe},
    names,
};

const NONE: &str = "No tokens. One that is made through holdover::sync is listed while the \
                    service has a handle to it.";

/// Prints the tokens of this moment.
pub(crate) async fn tokens(what: args::Tokens) -> Result<(), Failure> {
    let address = crate::target(what.address)?;
    let (mut client, described) = client::connect(&address).await.map_err(failure)?;
    let (mut offset, mut left) = (0, what.limit.unwrap_or(usize::MAX));
    loop {
        let update = page(&mut client, offset).await?;
        let mut out = io::stdout().lock();
        for token in update.tokens.iter().take(left) {
            let line = if what.json { json::token(token, &described) } else { line(token) };
            writeln!(out, "{line}")?;
        }
        if update.all == 0 && !what.json {
            writeln!(out, "{NONE}")?;
        }
        left = left.saturating_sub(update.tokens.len());
        offset += PAGE;
        if u64::from(offset) >= update.all || left == 0 {
            return Ok(());
        }
    }
}

async fn page(client: &mut Client, offset: u32) -> Result<v1::Update, Failure> {
    let kind = v1::ViewKind::Tokens.into();
    let view = v1::View { kind, offset, limit: PAGE, ..v1::View::default() };
    let request = v1::WatchRequest { view: Some(view) };
    let mut updates = client.watch(request).await.map_err(|it| refused(&it))?.into_inner();
    let update = updates.message().await.map_err(|it| refused(&it))?;
    Ok(update.unwrap_or_default())
}

fn line(token: &v1::Token) -> String {
    let parent = match token.parent {
        0 => String::new(),
        parent => format!(", child of #{parent}"),
    };
    let asks = match &token.asks {
        _ if token.cancelled => "It is cancelled.".to_owned(),
        Some(asked) => control::asks(asked),
        None => String::new(),
    };
    let made_at = safe(&place(&token.site)).into_owned();
    format!("token {}, made at {made_at}{parent}. {asks}", names::token(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_whom_a_token_asks_and_where_it_stands() {
        let site = "src/main.rs:12:5".to_owned();
        let mut token =
            v1::Token { number: 3, name: "shut\u{1b}down".into(), site, ..Default::default() };
        assert_eq!(line(&token), "token shut\\edown #3, made at src/main.rs:12:5. ");
        let first = vec![v1::TaskRef { id: 7, name: "worker".into(), ..Default::default() }];
        let asked = v1::Asked { tasks: 2, first, ..Default::default() };
        (token.asks, token.parent) = (Some(asked), 1);
        let asks = "It asks 2 tasks: worker #7 and 1 more. They hold nothing.";
        assert!(line(&token).ends_with(&format!(":5, child of #1. {asks}")), "{}", line(&token));
        (token.cancelled, token.name) = (true, String::new());
        assert!(line(&token).starts_with("token #3, made at "));
        assert!(line(&token).ends_with(". It is cancelled."));
    }
}
