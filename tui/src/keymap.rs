//! The keys: one table, from which keys are understood and the help page and the footer
//! are made.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Open,
    Back,
    Next,
    Previous,
    Leaks,
    Tasks,
    Holdings,
    Events,
    Process,
    Filter,
    ColumnLeft,
    ColumnRight,
    ColumnEarlier,
    ColumnLater,
    HideColumn,
    Columns,
    Whole,
    LikeThis,
    UnlikeThis,
    Sort,
    Reverse,
    Group,
    GroupBy,
    Tree,
    LeaksOnly,
    Cleared,
    Ignored,
    Cancelling,
    Freeze,
    Earlier,
    Later,
    Copy,
    CopySite,
    Edit,
    Write,
    Mark,
    Cancel,
    Targets,
    Blind,
    Help,
    Quit,
}

/// A key, what it asks for, and the words for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binding {
    pub(crate) keys: &'static [KeyCode],
    pub(crate) shown: &'static str,
    pub(crate) action: Action,
    /// In the footer; what is empty is on the help page only.
    pub(crate) word: &'static str,
    /// On the help page; what is empty is said on the line of its neighbour.
    pub(crate) meaning: &'static str,
}

macro_rules! bindings {
    ($($shown:literal [$($key:expr),+] $action:ident $word:literal, $meaning:literal;)+) => {
        /// Every key that works, outside a field.
        pub(crate) const BINDINGS: &[Binding] = &[
            $(Binding {
                keys: &[$($key),+],
                shown: $shown,
                action: Action::$action,
                word: $word,
                meaning: $meaning,
            },)+
        ];
    };
}

use KeyCode::{BackTab, Char, Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Right, Tab, Up};

bindings! {
    "↑↓ k j" [Down, Char('j')] Down "select", "the row above, the row below";
    "" [Up, Char('k')] Up "", "";
    "PgUp PgDn" [PageDown] PageDown "", "ten rows up, ten rows down";
    "" [PageUp] PageUp "", "";
    "Home End" [Home] First "", "the first row, the last row";
    "" [End] Last "", "";
    "⏎" [Enter] Open "open", "the task of the selected row, whole";
    "Esc" [Esc] Back "", "back to where you came from; from there, no filter";
    "Tab" [Tab] Next "", "the next screen; with Shift the one before";
    "" [BackTab] Previous "", "";
    "1" [Char('1')] Leaks "", "what cancelled tasks have not let go of";
    "2" [Char('2')] Tasks "", "every task";
    "3" [Char('3')] Holdings "", "everything that is held, and by whom; pools";
    "4" [Char('4')] Events "", "what happens, as it happens";
    "5" [Char('5')] Process "", "the process: memory, threads, descriptors, runtimes";
    "/" [Char('/')] Filter "filter", "show only rows that match; Enter keeps it, Esc does not";
    "f" [Char('f')] LikeThis "like this", "only rows whose cell in the marked column is as this";
    "F" [Char('F')] UnlikeThis "", "only rows whose cell there is another";
    "← →" [Right] ColumnRight "", "mark another column; a tree's branch, folded; up, down a lineage";
    "" [Left] ColumnLeft "", "";
    "< > - + v" [Char('>')] ColumnLater "", "move or hide the marked column; choose among all; its cell, whole";
    "" [Char('<')] ColumnEarlier "", "";
    "" [Char('-')] HideColumn "", "";
    "" [Char('+'), Char('=')] Columns "", "";
    "" [Char('v')] Whole "", "";
    "g" [Char('g')] Group "group", "leaks by site, one by one, by cause; tasks by site; pools";
    "G" [Char('G')] GroupBy "", "leaks by the marked column";
    "t" [Char('t')] Tree "", "a tree: each task beneath the one that spawned it";
    "s" [Char('s')] Sort "sort", "by the next column; after the last, as they come";
    "S" [Char('S')] Reverse "", "the other way round";
    "l" [Char('l')] LeaksOnly "leaks only", "leaks without warnings and without what has cleared";
    "c" [Char('c')] Cleared "cleared", "everything that has cleared, or only the last 10 s of it";
    "i" [Char('i')] Ignored "", "leaks that a rule ignores, or those that are reported";
    "m" [Char('m')] Cancelling "", "what is being cancelled and still within its grace";
    "␣" [Char(' ')] Freeze "freeze", "stand still, and go on";
    "[ ]" [Char('[')] Earlier "", "stand still, and show what was told before; or after that";
    "" [Char(']')] Later "", "";
    "y Y e W" [Char('y')] Copy "", "copy the row; copy or edit its place; write the rows to a file";
    "" [Char('Y')] CopySite "", "";
    "" [Char('e')] Edit "", "";
    "" [Char('W')] Write "", "";
    "M" [Char('M')] Mark "", "mark this moment; then show what leaked and went since it";
    "K" [Char('K')] Cancel "", "cancel the task or its token, where allowed: it asks first";
    "T" [Char('T')] Targets "targets", "the targets, where several are attached to; Enter: only that one";
    "!" [Char('!')] Blind "", "what cannot be seen here, and how to mend it";
    "?" [Char('?')] Help "keys", "this page";
    "q" [Char('q')] Quit "quit", "leave; Ctrl-C does too, also while typing";
}

/// What a key asks for where columns are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Up,
    Down,
    First,
    Last,
    /// Shows or hides it.
    Turn,
    Earlier,
    Later,
    /// As the console starts.
    Reset,
    Close,
    Quit,
}

/// A key of the columns, and the words for it in the footer; what is empty is said with
/// its neighbour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChoiceKey {
    pub(crate) keys: &'static [KeyCode],
    pub(crate) shown: &'static str,
    pub(crate) choice: Choice,
    pub(crate) word: &'static str,
}

const fn chooses(
    keys: &'static [KeyCode],
    shown: &'static str,
    choice: Choice,
    word: &'static str,
) -> ChoiceKey {
    ChoiceKey { keys, shown, choice, word }
}

/// Every key that works while columns are chosen.
pub(crate) const CHOICES: &[ChoiceKey] = &[
    chooses(&[Up, Char('k')], "", Choice::Up, ""),
    chooses(&[Down, Char('j')], "↑↓ k j", Choice::Down, "select"),
    chooses(&[Home], "", Choice::First, ""),
    chooses(&[End], "", Choice::Last, ""),
    chooses(&[Char(' '), Enter], "␣", Choice::Turn, "show, hide"),
    chooses(&[Char('<'), Left], "< >", Choice::Earlier, "move"),
    chooses(&[Char('>'), Right], "", Choice::Later, ""),
    chooses(&[Char('r')], "r", Choice::Reset, "reset"),
    chooses(&[Esc, Char('+'), Char('=')], "Esc", Choice::Close, "done"),
    chooses(&[Char('q')], "q", Choice::Quit, "quit"),
];

/// What a key asks for while columns are chosen.
pub(crate) fn choice(key: KeyEvent) -> Option<Choice> {
    if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
        return None;
    }
    CHOICES.iter().find(|it| it.keys.contains(&key.code)).map(|it| it.choice)
}

/// What a key asks for, outside a field.
pub(crate) fn action(key: KeyEvent) -> Option<Action> {
    if key.code == Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
        return Some(Action::Quit);
    }
    if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
        return None;
    }
    BINDINGS.iter().find(|binding| binding.keys.contains(&key.code)).map(|it| it.action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_meaning() {
        let all: Vec<KeyCode> = BINDINGS.iter().flat_map(|it| it.keys).copied().collect();
        for (at, key) in all.iter().enumerate() {
            assert!(!all[..at].contains(key), "{key:?} twice");
        }
    }

    #[test]
    fn every_key_of_the_columns_works_once_and_no_other() {
        let all: Vec<KeyCode> = CHOICES.iter().flat_map(|it| it.keys).copied().collect();
        for (at, key) in all.iter().enumerate() {
            assert!(!all[..at].contains(key), "{key:?} twice");
        }
        for it in CHOICES {
            for key in it.keys {
                assert_eq!(choice(KeyEvent::new(*key, KeyModifiers::NONE)), Some(it.choice));
            }
        }
        assert_eq!(choice(KeyEvent::new(Char('s'), KeyModifiers::NONE)), None);
        assert_eq!(choice(KeyEvent::new(Char('r'), KeyModifiers::CONTROL)), None);
    }

    #[test]
    fn every_key_of_the_table_works_and_no_other() {
        for binding in BINDINGS {
            for key in binding.keys {
                let pressed = KeyEvent::new(*key, KeyModifiers::NONE);
                assert_eq!(action(pressed), Some(binding.action));
            }
        }
        assert_eq!(action(KeyEvent::new(Char('z'), KeyModifiers::NONE)), None);
        assert_eq!(action(KeyEvent::new(Char('q'), KeyModifiers::ALT)), None);
        let control_c = KeyEvent::new(Char('c'), KeyModifiers::CONTROL);
        assert_eq!(action(control_c), Some(Action::Quit));
    }
}
