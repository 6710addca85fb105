//! What can be given to a task, where anything can.

use super::{
    Given,
    rt::sync::{
        OwnedMutexGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, OwnedSemaphorePermit,
        broadcast, mpsc, watch,
    },
};

given!(
    OwnedMutexGuard<u8>,
    OwnedRwLockReadGuard<u8>,
    OwnedRwLockWriteGuard<u8>,
    OwnedSemaphorePermit,
    mpsc::Sender<u8>,
    mpsc::Receiver<u8>,
    mpsc::OwnedPermit<u8>,
    mpsc::UnboundedSender<u8>,
    mpsc::UnboundedReceiver<u8>,
    watch::Sender<u8>,
    watch::Receiver<u8>,
    broadcast::Sender<u8>,
    broadcast::Receiver<u8>
);
