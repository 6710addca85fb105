//! What is shared, over tokio itself.

use tokio as rt;

#[path = "shared/all.rs"]
mod all;
#[path = "shared/channels.rs"]
mod channels;
#[path = "shared/locks.rs"]
mod locks;
#[path = "shared/tasks.rs"]
mod tasks;

pub use all::work;
