//! Ends of channels.

use std::task::{Context, Waker};

use super::{
    Given,
    rt::{
        sync::{broadcast, mpsc, oneshot, watch},
        task::Id,
    },
};
use crate::accuracy::program::ChannelKind;

/// Messages that a bounded channel has room for.
const ROOM: usize = 64;

/// See the module's header.
#[derive(Debug)]
pub(super) enum End {
    OneshotSender(oneshot::Sender<u8>),
    OneshotReceiver(oneshot::Receiver<u8>),
    MpscSender(mpsc::Sender<u8>),
    MpscReceiver(mpsc::Receiver<u8>),
    Place(mpsc::OwnedPermit<u8>),
    UnboundedSender(mpsc::UnboundedSender<u8>),
    UnboundedReceiver(mpsc::UnboundedReceiver<u8>),
    WatchSender(watch::Sender<u8>),
    WatchReceiver(watch::Receiver<u8>),
    BroadcastSender(broadcast::Sender<u8>),
    BroadcastReceiver(broadcast::Receiver<u8>),
}

impl End {
    /// Both ends of a channel, the sender first.
    pub(super) fn pair(of: ChannelKind) -> (Self, Self) {
        match of {
            ChannelKind::Oneshot => {
                let (sender, receiver) = oneshot::channel();
                (Self::OneshotSender(sender), Self::OneshotReceiver(receiver))
            }
            ChannelKind::Mpsc => {
                let (sender, receiver) = mpsc::channel(ROOM);
                (Self::MpscSender(sender), Self::MpscReceiver(receiver))
            }
            ChannelKind::Unbounded => {
                let (sender, receiver) = mpsc::unbounded_channel();
                (Self::UnboundedSender(sender), Self::UnboundedReceiver(receiver))
            }
            ChannelKind::Watch => {
                let (sender, receiver) = watch::channel(0);
                (Self::WatchSender(sender), Self::WatchReceiver(receiver))
            }
            ChannelKind::Broadcast => {
                let (sender, receiver) = broadcast::channel(ROOM);
                (Self::BroadcastSender(sender), Self::BroadcastReceiver(receiver))
            }
        }
    }

    /// Sends, receives or polls. False where that is not possible.
    pub(super) fn use_it(&mut self) -> bool {
        match self {
            Self::OneshotSender(it) => {
                let _ = it.poll_closed(&mut Context::from_waker(Waker::noop()));
            }
            Self::OneshotReceiver(it) => drop(it.try_recv()),
            Self::MpscSender(it) => drop(it.try_send(7)),
            Self::MpscReceiver(it) => drop(it.try_recv()),
            Self::UnboundedSender(it) => drop(it.send(7)),
            Self::UnboundedReceiver(it) => drop(it.try_recv()),
            Self::WatchSender(it) => drop(it.send_replace(7)),
            Self::WatchReceiver(it) => drop(it.borrow()),
            Self::BroadcastSender(it) => drop(it.send(7)),
            Self::BroadcastReceiver(it) => drop(it.try_recv()),
            Self::Place(_) => return false,
        }
        true
    }

    /// Waits until there is something to receive. A sender is ready at once.
    pub(super) async fn receive(self) {
        match self {
            Self::OneshotReceiver(it) => drop(it.await),
            Self::MpscReceiver(mut it) => drop(it.recv().await),
            Self::UnboundedReceiver(mut it) => drop(it.recv().await),
            Self::WatchReceiver(mut it) => drop(it.changed().await),
            Self::BroadcastReceiver(mut it) => drop(it.recv().await),
            _ => {}
        }
    }

    /// `transfer`, or `transfer_to` that task. False where there is no such method.
    pub(super) fn given(&self, to: Option<Id>) -> bool {
        match self {
            Self::OneshotSender(_) | Self::OneshotReceiver(_) => false,
            Self::MpscSender(it) => it.given(to),
            Self::MpscReceiver(it) => it.given(to),
            Self::Place(it) => it.given(to),
            Self::UnboundedSender(it) => it.given(to),
            Self::UnboundedReceiver(it) => it.given(to),
            Self::WatchSender(it) => it.given(to),
            Self::WatchReceiver(it) => it.given(to),
            Self::BroadcastSender(it) => it.given(to),
            Self::BroadcastReceiver(it) => it.given(to),
        }
    }

    /// Another end of the same side.
    pub(super) fn another(&self) -> Option<Self> {
        match self {
            Self::MpscSender(it) => Some(Self::MpscSender(it.clone())),
            Self::UnboundedSender(it) => Some(Self::UnboundedSender(it.clone())),
            Self::WatchSender(it) => Some(Self::WatchSender(it.clone())),
            Self::WatchReceiver(it) => Some(Self::WatchReceiver(it.clone())),
            Self::BroadcastSender(it) => Some(Self::BroadcastSender(it.clone())),
            Self::BroadcastReceiver(it) => Some(Self::BroadcastReceiver(it.resubscribe())),
            _ => None,
        }
    }

    /// A place, which owns this sender.
    pub(super) fn into_place(self) -> Option<Self> {
        match self {
            Self::MpscSender(it) => it.try_reserve_owned().ok().map(Self::Place),
            _ => None,
        }
    }

    /// A place, reserved with another end of the same side.
    pub(super) fn reserve(&self) -> Option<Self> {
        match self {
            Self::MpscSender(it) => Self::MpscSender(it.clone()).into_place(),
            _ => None,
        }
    }

    /// Another receiver, of a sender.
    pub(super) fn subscribe(&self) -> Option<Self> {
        match self {
            Self::WatchSender(it) => Some(Self::WatchReceiver(it.subscribe())),
            Self::BroadcastSender(it) => Some(Self::BroadcastReceiver(it.subscribe())),
            _ => None,
        }
    }

    /// It wants no more. False where nothing is closed so.
    pub(super) fn close(&mut self) -> bool {
        match self {
            Self::MpscReceiver(it) => it.close(),
            Self::UnboundedReceiver(it) => it.close(),
            _ => return false,
        }
        true
    }
}
