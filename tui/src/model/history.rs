//! The filters that were typed: bounded, each once, the latest last.

/// So many are kept.
const KEPT: usize = 200;
/// A longer one is not.
const LONGEST: usize = 1000;

/// What was typed before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct History(Vec<String>);

impl History {
    /// The lines of a file; those that nobody typed are passed over.
    pub(crate) fn of_lines(text: &str) -> Self {
        let mut history = Self::default();
        text.lines().for_each(|line| history.push(line));
        history
    }

    pub(crate) fn push(&mut self, line: &str) {
        let line = line.trim();
        if line.is_empty() || line.len() > LONGEST || line.chars().any(char::is_control) {
            return;
        }
        self.0.retain(|before| before != line);
        self.0.push(line.to_owned());
        let beyond = self.0.len().saturating_sub(KEPT);
        self.0.drain(..beyond);
    }

    /// As a file has them.
    pub(crate) fn lines(&self) -> String {
        self.0.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<&str> {
        self.0.get(at).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_kept_once_and_the_oldest_goes_first() {
        let mut history = History::default();
        (0..KEPT + 5).for_each(|number| history.push(&format!("id:{number}")));
        assert_eq!((history.len(), history.get(0)), (KEPT, Some("id:5")));
        history.push(" id:7 ");
        history.push("");
        history.push("a\u{1b}[2J");
        history.push(&"x".repeat(LONGEST + 1));
        assert_eq!((history.len(), history.get(KEPT - 1)), (KEPT, Some("id:7")));
        assert_eq!(History::of_lines(&history.lines()), history);
        assert_eq!(History::of_lines("a\n\nb\na\n").lines(), "b\na\n");
    }
}
