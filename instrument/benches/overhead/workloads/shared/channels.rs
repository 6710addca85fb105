//! Channels: made, filled and emptied, and to and fro.

use super::rt::{
    self,
    sync::{mpsc, oneshot},
};

/// Messages of a channel before they are received.
const AT_ONCE: u32 = 32;

pub async fn oneshots(operations: u32) {
    for number in 0..operations {
        let (reply, answer) = oneshot::channel();
        reply.send(number).expect("it is there");
        answer.await.expect("it was sent");
    }
}

/// Sent and received by one task.
pub async fn messages(operations: u32) {
    let (sender, mut receiver) = mpsc::channel(AT_ONCE as usize);
    for _ in 0..operations / AT_ONCE {
        for number in 0..AT_ONCE {
            sender.send(number).await.expect("open");
        }
        for _ in 0..AT_ONCE {
            receiver.recv().await.expect("it was sent");
        }
    }
}

/// Sent to another task, which sends it back: each message is waited for.
pub async fn ping_pong(operations: u32) {
    let (there, mut arrives) = mpsc::channel(1);
    let (back, mut returns) = mpsc::channel(1);
    let echo = async move {
        while let Some(number) = arrives.recv().await {
            back.send(number).await.expect("open");
        }
    };
    let echo = rt::spawn(echo);
    for number in 0..operations / 2 {
        there.send(number).await.expect("open");
        assert_eq!(returns.recv().await, Some(number));
    }
    drop(there);
    echo.await.expect("it ends");
}
