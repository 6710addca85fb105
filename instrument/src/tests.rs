//! What is made of what the shims tell, from the call to the row: each test is a small
//! service with a recorder and a store of its own, judged at whatever time it names.

mod callbacks;
mod cancelling;
mod channels;
mod ends;
mod groups;
mod locks;
mod lookup;
mod noticing;
mod orphans;
mod owners;
#[cfg(tokio_unstable)]
mod plain;
#[cfg(feature = "tower")]
mod requests;
mod rows;
mod scopes;
#[cfg(tokio_unstable)]
mod shares;
mod sites;
mod support;
mod tokens;
mod tree;
mod uses;
#[cfg(tokio_unstable)]
mod wakers;
