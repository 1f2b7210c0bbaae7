//! The guide and the README tell the truth: every command in them is run, and every answer is the answer.
//!
//! `UPDATE_EXPECT=1` writes the answers into the guide, so that nobody types them.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
#[cfg(unix)]
fn every_answer_in_the_guide_is_the_answer() {
    check("docs/guide.md");
}

#[test]
#[cfg(unix)]
fn every_answer_in_the_readme_is_the_answer() {
    check("README.md");
}

fn check(name: &str) {
    let path = Path::new(ROOT).join(name);
    let guide = std::fs::read_to_string(&path).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let done = performed(&guide, dir.path());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, done).unwrap();
    } else if let Some((number, (written, real))) =
        (1..).zip(guide.lines().zip(done.lines())).find(|(_, (written, real))| written != real)
    {
        panic!("{name}:{number}: `{written}` should be `{real}`; UPDATE_EXPECT=1 writes the answers");
    } else {
        assert_eq!(guide, done);
    }
}

/// The guide with the answers that its commands give in a directory.
fn performed(guide: &str, dir: &Path) -> String {
    let mut done = String::new();
    let mut lines = guide.lines().peekable();
    let mut in_console = false;
    while let Some(line) = lines.next() {
        writeln!(done, "{line}").unwrap();
        if line.starts_with("```") {
            in_console = line == "```console";
        }
        let Some(command) = line.strip_prefix("$ ").filter(|_| in_console) else { continue };
        let mut script = command.to_owned();
        let mut last = line;
        // A command goes on after a `\`, and to the end of the text that is fed to it.
        while (last.ends_with('\\') || command.contains("<<'EOF'")) && last != "EOF" {
            last = lines.next().unwrap();
            writeln!(done, "{last}").unwrap();
            write!(script, "\n{last}").unwrap();
        }
        while lines.next_if(|line| !line.starts_with("$ ") && !line.starts_with("```")).is_some() {}
        done.push_str(&answer(&script, dir));
    }
    done
}

/// What a person sees who types the script: standard output and standard error together.
fn answer(script: &str, dir: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_chancery")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1\n{script}\n")])
        .current_dir(dir)
        .env("PATH", path)
        .env_remove("CHANCERY_LEDGER")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}
