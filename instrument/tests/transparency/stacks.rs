//! The stacks that services have: `fmt` with filters of every kind.

use std::io::{self, Write};

use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::Targets,
    fmt::{self, MakeWriter, format::FmtSpan},
    layer::SubscriberExt as _,
    registry,
    registry::LookupSpan,
    reload,
};

use crate::{
    harness::{Stack, Test, Variant},
    program::Program,
    start,
};

pub(crate) fn tests() -> Vec<Test> {
    use Variant::{Layer, Misset, Off, Tasks, Unheard, Wrapped};
    let stacks = [
        Stack {
            name: "a_global_env_filter",
            run: a_global_env_filter,
            variants: &[Wrapped, Tasks, Off, Misset, Unheard],
            has: &["request{id=7 round=0}:", "a trace in a request", "a debug in a worker"],
            has_not: &["request{id=6 round=0}: app: a trace", "an info of the database"],
        },
        Stack {
            name: "an_env_filter_reloaded",
            run: an_env_filter_reloaded,
            variants: &[Wrapped, Tasks],
            has: &["> enabled app: true true true true true", "> enabled app: true false false"],
            has_not: &[],
        },
        Stack {
            name: "a_layers_filter_reloaded",
            run: a_layers_filter_reloaded,
            variants: &[Wrapped, Tasks],
            has: &["a|TRACE", "b| INFO", "> enabled app: true true true true true"],
            has_not: &["b|DEBUG"],
        },
        Stack {
            name: "three_filters_of_layers",
            run: three_filters_of_layers,
            variants: &[Wrapped, Off],
            has: &["a|TRACE", "b| INFO", "c|DEBUG"],
            has_not: &["b|DEBUG", "c|TRACE app: "],
        },
        Stack {
            name: "two_level_filters",
            run: two_level_filters,
            variants: &[Wrapped, Off],
            has: &["a| INFO", "b| INFO"],
            has_not: &["DEBUG", "TRACE"],
        },
        Stack {
            name: "no_filter",
            run: no_filter,
            variants: &[Wrapped, Unheard],
            has: &["TRACE app: a trace"],
            has_not: &["waker.wake\"", "poll_op", "concrete_type"],
        },
        Stack {
            name: "the_default",
            run: the_default,
            variants: &[Wrapped, Off],
            has: &["Z  INFO app: an info", "a trace in a request"],
            has_not: &["an info of the database"],
        },
        Stack {
            name: "a_layer_in_a_registry",
            run: a_layer_in_a_registry,
            variants: &[Layer],
            has: &["a|DEBUG", "b| INFO"],
            has_not: &["b|DEBUG"],
        },
    ];
    let mut tests = Vec::from(stacks.map(Test::Compare));
    if cfg!(tokio_unstable) {
        tests.push(Test::Compare(Stack {
            name: "no_filter_and_nothing_of_ours",
            run: no_filter_and_one_thread,
            // Were tokio silent in the program, the comparisons would be of nothing.
            variants: &[Off],
            has: &["waker.wake", "poll_op", "kind=block_on", "concrete_type=\"Semaphore\""],
            has_not: &[],
        }));
    }
    tests
}

/// `fmt`, every line of it with a prefix, and nothing of the time in it. It says when
/// spans begin, are entered and are closed, too.
pub(crate) fn lines<S>(prefix: &'static str) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fmt::layer()
        .with_ansi(false)
        .without_time()
        .with_span_events(FmtSpan::FULL)
        .with_writer(Prefixed(prefix))
}

#[derive(Clone, Copy, Debug)]
struct Prefixed(&'static str);

impl MakeWriter<'_> for Prefixed {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}

impl Write for Prefixed {
    /// `fmt` writes whole lines.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut out = io::stdout().lock();
        out.write_all(self.0.as_bytes())?;
        out.write_all(line)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

fn a_global_env_filter(variant: Variant) {
    let stack = registry().with(EnvFilter::from_default_env()).with(lines(""));
    let _attached = start::with(stack, variant);
    Program::default().run();
}

/// What the filter becomes at each of the program's steps.
const FILTERS: [&str; 6] = [
    "info,app::db=off",
    "off",
    "trace",
    "warn,app::db=debug",
    "error,[request{id=7}]=trace,[waits]=trace",
    "debug,[locks]=trace",
];

fn an_env_filter_reloaded(variant: Variant) {
    let (filter, handle) = reload::Layer::new(EnvFilter::from_default_env());
    let _attached = start::with(registry().with(filter).with(lines("")), variant);
    let step = |step: usize| {
        handle.reload(EnvFilter::new(FILTERS[step])).expect("the stack is there");
    };
    Program { step: &step, ..Program::default() }.run();
}

fn a_layers_filter_reloaded(variant: Variant) {
    let (filter, handle) = reload::Layer::new(EnvFilter::from_default_env());
    let stack = registry()
        .with(lines("a|").with_filter(filter))
        .with(lines("b|").with_filter(LevelFilter::INFO));
    let _attached = start::with(stack, variant);
    let step = |step: usize| {
        handle.reload(EnvFilter::new(FILTERS[step])).expect("the stack is there");
    };
    Program { step: &step, ..Program::default() }.run();
}

fn three_filters_of_layers(variant: Variant) {
    let targets = Targets::new().with_target("app", LevelFilter::DEBUG);
    let stack = registry()
        .with(lines("a|").with_filter(EnvFilter::from_default_env()))
        .with(lines("b|").with_filter(LevelFilter::INFO))
        .with(lines("c|").with_filter(targets.with_target("app::cache", LevelFilter::TRACE)));
    let _attached = start::with(stack, variant);
    Program::default().run();
}

fn two_level_filters(variant: Variant) {
    let stack = registry()
        .with(lines("a|").with_filter(LevelFilter::INFO))
        .with(lines("b|").with_filter(LevelFilter::INFO));
    let _attached = start::with(stack, variant);
    Program::default().run();
}

fn no_filter(variant: Variant) {
    let _attached = start::with(registry().with(lines("")), variant);
    Program::default().run();
}

/// Whatever is not of one thread comes in any order once tokio's spans are in it.
fn no_filter_and_one_thread(variant: Variant) {
    let _attached = start::with(registry().with(lines("")), variant);
    Program { among_tokios: true, ..Program::default() }.run();
}

/// What `holdover::init()` makes where there is no stack: with time.
fn the_default(variant: Variant) {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into());
    let stack = registry().with(fmt::layer().with_filter(filter.from_env_lossy()));
    match variant {
        Variant::Wrapped | Variant::Off => drop(holdover::Builder::new().try_init()),
        _ => drop(start::with(stack, variant)),
    }
    Program::default().run();
}

/// The filters keep tokio's spans, which are in the registry then, out of the logs.
fn a_layer_in_a_registry(variant: Variant) {
    let debug = Targets::new().with_target("app", LevelFilter::DEBUG);
    if variant == Variant::Layer {
        let stack = registry()
            .with(holdover::layer())
            .with(lines("a|").with_filter(debug))
            .with(lines("b|").with_filter(LevelFilter::INFO));
        let _attached = start::with(stack, variant);
        Program { among_tokios: true, ..Program::default() }.run();
    } else {
        let stack = registry()
            .with(lines("a|").with_filter(debug))
            .with(lines("b|").with_filter(LevelFilter::INFO));
        let _attached = start::with(stack, variant);
        Program { among_tokios: true, ..Program::default() }.run();
    }
}
