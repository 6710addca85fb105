//! Layers that find their registry behind the dispatcher, and so behind Holdover:
//! `tracing-opentelemetry` and `tracing-error`.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use opentelemetry::trace::{SpanId, TraceId, TracerProvider as _};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{IdGenerator, SdkTracerProvider, SpanData, SpanExporter},
};
use tracing_error::ErrorLayer;
use tracing_subscriber::{Layer as _, filter::LevelFilter, layer::SubscriberExt as _, registry};

use crate::{
    harness::{Stack, Test, Variant},
    program::Program,
    stacks::lines,
    start,
};

pub(crate) fn tests() -> Vec<Test> {
    let stacks = [
        Stack {
            name: "opentelemetry",
            run: opentelemetry,
            variants: &[Variant::Wrapped, Variant::Off],
            has: &["exported request", "exported inner id 27, parent 25", "event answered"],
            has_not: &["poll_op"],
        },
        Stack {
            name: "tracing_error",
            run: tracing_error,
            variants: &[Variant::Wrapped, Variant::Off],
            has: &["> trace 0: app::request", "with id=7 round=0"],
            has_not: &["runtime.resource"],
        },
    ];
    stacks.map(Test::Compare).into()
}

fn opentelemetry(variant: Variant) {
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(Prints)
        .with_id_generator(Counts(AtomicU64::new(1)))
        .build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("transparency"))
        .with_tracked_inactivity(false)
        .with_threads(false);
    let stack = registry()
        .with(layer.with_filter(LevelFilter::DEBUG))
        .with(lines("").with_filter(LevelFilter::INFO));
    let _attached = start::with(stack, variant);
    Program::default().run();
    provider.shutdown().expect("the exporter has no errors");
}

fn tracing_error(variant: Variant) {
    let stack = registry()
        .with(lines("").with_filter(LevelFilter::INFO))
        .with(ErrorLayer::default().with_filter(LevelFilter::DEBUG));
    let _attached = start::with(stack, variant);
    Program::default().run();
}

/// Prints each span as it ends.
#[derive(Debug)]
struct Prints;

impl SpanExporter for Prints {
    async fn export(&self, spans: Vec<SpanData>) -> OTelSdkResult {
        for span in spans {
            let (id, parent) = (span.span_context.span_id(), span.parent_span_id);
            let (id, parent) = (number(id), number(parent));
            println!("exported {} id {id}, parent {parent}, {:?}", span.name, span.status);
            for attribute in &span.attributes {
                println!("  {} = {}", attribute.key, attribute.value);
            }
            for event in span.events.iter() {
                println!("  event {} {:?}", event.name, event.attributes);
            }
            for link in span.links.iter() {
                println!("  link {}", number(link.span_context.span_id()));
            }
        }
        Ok(())
    }
}

fn number(id: SpanId) -> u64 {
    u64::from_be_bytes(id.to_bytes())
}

/// Ids in the order in which they are asked for.
#[derive(Debug)]
struct Counts(AtomicU64);

impl IdGenerator for Counts {
    fn new_trace_id(&self) -> TraceId {
        TraceId::from(u128::from(self.0.fetch_add(1, Relaxed)))
    }

    fn new_span_id(&self) -> SpanId {
        SpanId::from(self.0.fetch_add(1, Relaxed))
    }
}
