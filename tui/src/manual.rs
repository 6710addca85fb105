//! What the program writes about itself: completions of a shell, the manual page.

use std::io::{self, Write};

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

use crate::{
    Failure,
    args::{Args, nearest},
};

/// Writes the script of a shell.
pub(crate) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "holdover", &mut script);
    Ok(io::stdout().write_all(&script)?)
}

/// Writes the manual page, of a command if it is named.
pub(crate) fn page(command: Option<&str>) -> Result<(), Failure> {
    let mut whole = Args::command();
    // Only then do commands know their full name and the flags of all.
    whole.build();
    let mut page = Vec::new();
    match command {
        None => {
            Man::new(whole).render(&mut page)?;
            page.extend_from_slice(sections().as_bytes());
        }
        Some(name) => Man::new(of(&whole, name)?).render(&mut page)?,
    }
    Ok(io::stdout().write_all(&page)?)
}

fn of(whole: &Command, name: &str) -> Result<Command, Failure> {
    let found = whole.get_subcommands().find(|it| it.get_name() == name);
    found.cloned().ok_or_else(|| {
        let meant = nearest(name, whole.get_subcommands().map(Command::get_name));
        let meant = meant.map(|it| format!(": did you mean `{it}`?")).unwrap_or_default();
        Failure::Usage(format!("there is no command {name:?}{meant}"))
    })
}

/// What clap does not know of.
fn sections() -> String {
    let mut page = Roff::new();
    for (title, rows) in [
        (
            "EXIT STATUS",
            &[
                ("0", "Fine; a pipe that is closed is no error."),
                (
                    "1",
                    "The terminal, a file, or a task that cannot be cancelled; of check, something \
                     leaks.",
                ),
                ("2", "The command line, or a setting."),
                ("3", "No target, or one that does not answer."),
                ("4", "Of check: the service sees too little to say that nothing leaks."),
            ][..],
        ),
        (
            "FILES",
            &[
                (
                    "$XDG_CONFIG_HOME/holdover/config.toml",
                    "What is set: address, theme, ascii, interval, editor, source-roots, and the \
                     tables filters, columns and sort. `holdover config` prints what is in force. \
                     In columns stand the names of a table's columns, as in leaks = \"verdict n \
                     task since\": it starts with these, in this order. The tables are leaks, \
                     groups, tasks, sites, tree, holdings, pools, events and process; the names are the \
                     titles in lower case, with _ for a space, and growth. Where there are several \
                     targets, target is another; what does not name it does not hide it. In sort stands by what \
                     the rows of a table are sorted at the start, as in tasks = \"-polls\".",
                ),
                (
                    "$XDG_STATE_HOME/holdover/columns",
                    "The columns that were chosen in the console. They count before those of the \
                     configuration file until that says otherwise; r among the columns (+) gives \
                     them up, and without this file all are given up.",
                ),
                (
                    "$XDG_STATE_HOME/holdover/sort",
                    "By what rows were sorted in the console (s, S, a click on a title), as \
                     the columns.",
                ),
                (
                    "$XDG_STATE_HOME/holdover/filters",
                    "The filters that were typed, the latest last.",
                ),
            ],
        ),
        (
            "ENVIRONMENT",
            &[
                ("HOLDOVER_CONFIG", "Another configuration file."),
                (
                    "HOLDOVER_MAX_MESSAGE",
                    "The largest message to take of a service that speaks tokio-console's protocol; 256MiB unless set.",
                ),
                ("NO_COLOR", "Without colours, unless a theme is set."),
                (
                    "LC_ALL, LC_CTYPE, LANG",
                    "The first that is set: where it names no UTF-8, ASCII is drawn.",
                ),
                ("VISUAL, EDITOR", "The editor, unless one is set."),
                ("XDG_RUNTIME_DIR", "Where services on this machine are found."),
            ],
        ),
    ] {
        page.control("SH", [title]);
        for (name, meaning) in rows {
            page.control("TP", []);
            page.text([bold(*name)]);
            page.text([roman(*meaning)]);
        }
    }
    page.to_roff() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_exit_code_and_no_holes_in_its_text() {
        let page = sections();
        let failures = [
            Failure::Leaks(String::new()),
            Failure::Usage(String::new()),
            Failure::Connect(String::new()),
            Failure::Blind(String::new()),
        ];
        for code in failures.iter().map(Failure::code) {
            assert!(page.contains(&format!("\\fB{code}\\fR")), "no {code} in {page}");
        }
        assert!(!page.contains("  "), "{page}");
    }
}
