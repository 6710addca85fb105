//! What is shared, over Holdover.

use holdover as rt;

use crate::begin;

#[path = "shared/channels.rs"]
mod channels;
#[path = "shared/items.rs"]
mod items;
#[path = "shared/locks.rs"]
mod locks;
#[path = "shared/panics.rs"]
mod panics;
#[path = "shared/rwlocks.rs"]
mod rwlocks;
#[path = "shared/signals.rs"]
mod signals;
#[path = "shared/signatures.rs"]
mod signatures;
#[path = "shared/tasks.rs"]
mod tasks;
#[path = "shared/timers.rs"]
mod timers;
