//! A live console for async Rust.

pub mod hold;
pub mod pool;
pub mod sync;
pub mod task;
pub mod time;
#[cfg(feature = "tower")]
pub mod tower;

#[cfg(feature = "console")]
mod atomics;
#[cfg(feature = "console")]
mod builder;
#[cfg(feature = "console")]
mod coverage;
mod ended;
#[cfg(feature = "console")]
mod fault;
#[cfg(feature = "console")]
mod hash;
#[cfg(feature = "console")]
mod ignore;
#[cfg(feature = "layer")]
mod layer;
#[cfg(feature = "console")]
mod process;
#[cfg(feature = "console")]
mod query;
mod record;
#[cfg(feature = "console")]
mod recorder;
mod report;
#[cfg(feature = "console")]
mod runtimes;
#[cfg(feature = "console")]
mod server;
#[cfg(feature = "console")]
mod settings;
#[cfg(feature = "console")]
mod store;
#[cfg(feature = "console")]
mod subscriber;
#[cfg(all(test, feature = "console", not(holdover_loom)))]
mod tests;
#[cfg(feature = "console")]
mod verdict;
mod words;

#[cfg(feature = "layer")]
pub use crate::{
    builder::layer,
    layer::{HoldoverLayer, OnlyTokio},
};
#[cfg(feature = "console")]
pub use crate::{
    builder::{Builder, InitError, Started, Wrapped, init},
    query::{
        FIELDS, FieldInfo, FieldType,
        filter::{Filter, FilterError},
    },
    recorder::Level,
    settings::Log,
    subscriber::HoldoverSubscriber,
};
/// The filter language over rows of another origin: the console asks it of targets that
/// have no filter of their own.
#[cfg(feature = "console")]
#[doc(hidden)]
pub mod filtering {
    pub use crate::query::{
        MAX_ROWS, Sort, SortKey,
        field::Field,
        filter::{
            Subject,
            lex::{Token, TokenKind, lex},
        },
    };
}
pub use crate::{
    task::{FutureExt, spawn},
    words::{Cause, Kind, Outcome},
};
