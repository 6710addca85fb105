//! Whether whoever answers is still the process that answered before. A connection is made
//! anew by itself, and may lead to another that was started in its place: that one knows
//! nothing of what this one held, so nothing it says is an answer.

use holdover_proto::v1;

use super::lost;
use crate::{Failure, client::Client};

/// The target as it is now.
pub(super) async fn described(
    client: &mut Client,
    before: &v1::DescribeResponse,
) -> Result<v1::DescribeResponse, Failure> {
    let now = client.describe(v1::DescribeRequest {}).await.map_err(|it| lost(&it))?;
    same(before, now.into_inner())
}

fn same(
    before: &v1::DescribeResponse,
    now: v1::DescribeResponse,
) -> Result<v1::DescribeResponse, Failure> {
    let run = |it: &v1::DescribeResponse| it.target.as_ref().map(|target| target.run.clone());
    if run(before) == run(&now) {
        return Ok(now);
    }
    Err(Failure::Connect(
        "the target went away meanwhile, and another process answers in its place".to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_process_is_no_answer() {
        let of = |run: &str| v1::DescribeResponse {
            target: Some(v1::Target { run: run.to_owned(), ..Default::default() }),
            ..Default::default()
        };
        assert!(same(&of("a"), of("a")).is_ok());
        let another = same(&of("a"), of("b")).expect_err("it is another");
        assert_eq!(another.code(), 3, "{another}");
    }
}
