//! What was measured, beside what it should be.

use std::time::Duration;

/// Prints a figure as soon as it is there.
pub struct Figures {
    json: bool,
    tasks: u32,
}

impl Figures {
    pub fn new(json: bool, tasks: u32) -> Self {
        if !json {
            println!("the console in a terminal of 120x40, attached to {tasks} tasks\n");
        }
        Self { json, tasks }
    }

    pub fn percent(&mut self, what: &str, value: f64, budget: f64) {
        self.line(what, value, "% of a core", Some(budget));
    }

    pub fn milliseconds(&mut self, what: &str, value: f64, budget: f64) {
        self.line(what, value, "ms", Some(budget));
    }

    /// The budget is that of the 99th percentile.
    pub fn latency(&mut self, what: &str, took: &mut [Duration], budget: f64) {
        took.sort_unstable();
        let at = |percent: usize| {
            let last = took.len().saturating_sub(1);
            let took = took.get(took.len() * percent / 100).or_else(|| took.get(last));
            took.map_or(f64::NAN, |took| took.as_secs_f64() * 1e3)
        };
        self.line(&format!("{what}, median"), at(50), "ms", None);
        self.line(&format!("{what}, p99"), at(99), "ms", Some(budget));
        self.line(&format!("{what}, worst"), at(100), "ms", None);
    }

    pub fn count(&mut self, what: &str, value: u32) {
        self.line(what, f64::from(value), "", Some(0.0));
    }

    fn line(&self, what: &str, value: f64, unit: &str, budget: Option<f64>) {
        if self.json {
            let budget = budget.map_or("null".to_owned(), |budget| budget.to_string());
            println!(
                "{{\"type\":\"console\",\"what\":\"{what}\",\"value\":{value:.3},\
                 \"unit\":\"{unit}\",\"budget\":{budget},\"tasks\":{}}}",
                self.tasks
            );
            return;
        }
        let word = budget.map(|budget| {
            let word = if value <= budget { "ok" } else { "over" };
            format!("  budget {budget} {word}")
        });
        println!("{what:<62}{value:>10.2} {unit:<12}{}", word.unwrap_or_default());
    }
}
