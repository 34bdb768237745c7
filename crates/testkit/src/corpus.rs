//! The corpus of bad variable files: what each is expected to be told, written beside the mistake.
//!
//! In a `.tfvars` file, comments say it: `# ^^^ error CODE` below a line marks the place (`^^^>` goes on beyond the line,
//! `#@^^^` begins at the first column), `#! error CODE` expects it without a place, `#= LINE` is the line above mended, `#+ LINE` a line that mends the file by
//! its presence, and `# terraform: WORD` in what Terraform differs. The first comment says what is wrong. A file that can
//! hold no comments has a second one beside it, `FILE.expected`, with the same in other words: `error CODE 3:7-3:9`,
//! `= 3 LINE`, `terraform: WORD`.

use std::fs;
use std::path::{Path, PathBuf};

/// One bad variable file.
#[derive(Debug)]
pub struct Case {
    /// `group/file`.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it, for people.
    pub title: String,
    /// What it is told, in the order of the places; what has no place comes last.
    pub expected: Vec<Expected>,
    /// The file with its mistakes mended, where that is said.
    pub neighbour: Option<Vec<u8>>,
    /// In what Terraform differs.
    pub terraform: Terraform,
}

/// One finding that has to be there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expected {
    /// Where; the finding has no place when this is none.
    pub place: Option<Marked>,
    /// `error`, `warning` or `note`.
    pub severity: String,
    /// The code of the rule.
    pub code: String,
}

/// Lines and columns from 1, columns in characters; the end is past the last one, or somewhere beyond the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Marked {
    /// Where it begins.
    pub start: (usize, usize),
    /// Where it ends; none for a place that goes on in the next line.
    pub end: Option<(usize, usize)>,
}

/// In what Terraform differs from `em-infra check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Terraform {
    /// In nothing: it names the same codes.
    Same,
    /// It converts between text, numbers and truth values.
    Converts,
    /// It drops unknown attributes of objects.
    Drops,
    /// It only warns about names that are not declared.
    Warns,
    /// It takes one of two values for a name, in a map or in JSON.
    TakesOne,
    /// It computes what needs no variable.
    Computes,
    /// It refuses the file in its own words, before any rule is asked.
    OwnWords,
    /// It refuses a secret without naming the rule, since the message would be made from the secret.
    Hides,
    /// It stops at the inputs that are wrong by themselves, before the rules over several are asked.
    StopsEarlier,
}

impl Terraform {
    const ALL: [(&'static str, Self); 8] = [
        ("converts", Self::Converts),
        ("drops", Self::Drops),
        ("warns", Self::Warns),
        ("takes one", Self::TakesOne),
        ("computes", Self::Computes),
        ("own words", Self::OwnWords),
        ("hides", Self::Hides),
        ("stops earlier", Self::StopsEarlier),
    ];

    fn parse(word: &str) -> Self {
        let found = Self::ALL.into_iter().find(|(known, _)| *known == word);
        found.unwrap_or_else(|| panic!("{word:?} is no leniency")).1
    }

    /// Whether Terraform plans on as if nothing were wrong.
    pub fn accepts(self) -> bool {
        matches!(
            self,
            Self::Converts | Self::Drops | Self::Warns | Self::TakesOne | Self::Computes
        )
    }
}

/// Every case below `folder`, in the order of their names.
///
/// # Panics
/// When the folder or a file cannot be read, or says something that is not of the form above.
pub fn corpus(folder: &Path) -> Vec<Case> {
    let mut cases: Vec<Case> = files(folder)
        .into_iter()
        .flat_map(|group| files(&group))
        .filter(|path| !is_expectation(path))
        .map(|path| case(folder, &path))
        .collect();
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    cases
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", folder.display()));
    entries
        .map(|entry| entry.expect("an entry of a folder that can be read").path())
        .collect()
}

fn is_expectation(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "expected")
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

fn case(folder: &Path, path: &Path) -> Case {
    let name = path.strip_prefix(folder).unwrap_or(path);
    let mut case = Case {
        name: name.display().to_string(),
        title: String::new(),
        expected: Vec::new(),
        neighbour: None,
        terraform: Terraform::Same,
        path: path.to_owned(),
    };
    let mut beside = path.to_owned().into_os_string();
    beside.push(".expected");
    let bytes = read(path);
    if Path::new(&beside).exists() {
        from_beside(&mut case, &bytes, &text(read(Path::new(&beside)), path));
    } else {
        from_comments(&mut case, &text(bytes, path));
    }
    case.expected
        .sort_by(|one, other| (one.place.is_none(), one).cmp(&(other.place.is_none(), other)));
    case
}

fn text(bytes: Vec<u8>, path: &Path) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn from_comments(case: &mut Case, text: &str) {
    let mut mended: Vec<String> = Vec::new();
    let mut is_mended = false;
    let mut subject = 0;
    for (index, line) in text.lines().enumerate() {
        let comment = line.trim_start().strip_prefix('#');
        if let Some(word) = comment.and_then(|rest| rest.trim().strip_prefix("terraform: ")) {
            case.terraform = Terraform::parse(word);
        } else if let Some(rest) = comment.and_then(|rest| rest.strip_prefix("! ")) {
            case.expected.push(expected(rest, None));
        } else if let Some(rest) = comment.and_then(|rest| rest.strip_prefix('=')) {
            is_mended = true;
            rest.trim_start_matches(' ')
                .clone_into(&mut mended[subject]);
        } else if let Some(rest) = comment.and_then(|rest| rest.strip_prefix("+ ")) {
            is_mended = true;
            mended.push(rest.to_owned());
        } else if let Some((place, words)) = mark(line, subject + 1) {
            case.expected.push(expected(words, Some(place)));
        } else {
            if let Some(title) = comment.filter(|_| case.title.is_empty()) {
                title.trim().clone_into(&mut case.title);
            }
            subject = index;
        }
        if mended.len() <= index {
            mended.push(line.to_owned());
        }
    }
    case.neighbour = is_mended.then(|| (mended.join("\n") + "\n").into_bytes());
}

/// Reads `#   ^^^ error CODE`. Nothing can stand below the first column but the `#`, so `#@^^^` begins there.
fn mark(line: &str, subject: usize) -> Option<(Marked, &str)> {
    let (before, marks) = match line.strip_prefix("#@") {
        Some(marks) => (0, marks),
        None => line.strip_prefix('#').map(|rest| {
            let marks = rest.trim_start();
            (1 + rest.len() - marks.len(), marks)
        })?,
    };
    let words = marks.trim_start_matches('^');
    let width = marks.len() - words.len();
    if width == 0 {
        return None;
    }
    let goes_on = words.strip_prefix('>');
    let end = (subject, before + 1 + width);
    let place = Marked {
        start: (subject, before + 1),
        end: goes_on.is_none().then_some(end),
    };
    Some((place, goes_on.unwrap_or(words).trim()))
}

/// `error CODE`.
fn expected(words: &str, place: Option<Marked>) -> Expected {
    let (severity, code) = words
        .split_once(' ')
        .unwrap_or_else(|| panic!("{words:?} is not `error CODE`"));
    Expected {
        place,
        severity: severity.to_owned(),
        code: code.to_owned(),
    }
}

fn from_beside(case: &mut Case, bytes: &[u8], lines: &str) {
    for line in lines.lines().filter(|line| !line.is_empty()) {
        if let Some(title) = line.strip_prefix("# ") {
            title.clone_into(&mut case.title);
        } else if let Some(word) = line.strip_prefix("terraform: ") {
            case.terraform = Terraform::parse(word);
        } else if let Some(rest) = line.strip_prefix("= ") {
            let (number, new) = rest.split_once(' ').unwrap_or((rest, ""));
            let number = number.parse().expect("a line's number");
            let mended = case.neighbour.take().unwrap_or_else(|| bytes.to_owned());
            case.neighbour = Some(replaced(&mended, number, new));
        } else {
            let mut words = line.rsplitn(2, ' ');
            let place = words.next().filter(|word| word.contains(':')).map(marked);
            let rest = if place.is_some() { words.next() } else { None };
            case.expected.push(expected(rest.unwrap_or(line), place));
        }
    }
}

/// `3:7-3:9`.
fn marked(text: &str) -> Marked {
    let position = |text: &str| {
        let (line, column) = text.split_once(':')?;
        Some((line.parse().ok()?, column.parse().ok()?))
    };
    let both = text.split_once('-').and_then(|(start, end)| {
        Some(Marked {
            start: position(start)?,
            end: Some(position(end)?),
        })
    });
    both.unwrap_or_else(|| panic!("{text:?} is not `LINE:COLUMN-LINE:COLUMN`"))
}

fn replaced(bytes: &[u8], number: usize, new: &str) -> Vec<u8> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    let lines: Vec<&[u8]> = lines
        .map(|(index, line)| {
            if index + 1 == number {
                new.as_bytes()
            } else {
                line
            }
        })
        .collect();
    lines.join(&b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Case {
        let mut case = Case {
            name: String::new(),
            path: PathBuf::new(),
            title: String::new(),
            expected: Vec::new(),
            neighbour: None,
            terraform: Terraform::Same,
        };
        from_comments(&mut case, text);
        case
    }

    #[test]
    fn comments_say_what_is_expected_where() {
        let case = of(
            "# Two in quotes.\n# terraform: converts\na = \"2\"\n#   ^^^ error type-mismatch\n#= a = 2\n",
        );
        let place = Marked {
            start: (3, 5),
            end: Some((3, 8)),
        };
        assert_eq!(case.title, "Two in quotes.");
        assert_eq!(case.terraform, Terraform::Converts);
        assert_eq!(
            case.expected,
            [expected("error type-mismatch", Some(place))]
        );
        let mended = String::from_utf8(case.neighbour.unwrap()).unwrap();
        assert!(
            mended.contains("\na = 2\n") && !mended.contains("a = \"2\""),
            "{mended}"
        );
    }

    #[test]
    fn a_place_can_go_on_and_a_finding_can_have_none() {
        let case = of("# x\na = [\n#   ^> error syntax\n#! error input-required\n#+ b = 1\n");
        let place = Marked {
            start: (2, 5),
            end: None,
        };
        let wanted = [
            expected("error syntax", Some(place)),
            expected("error input-required", None),
        ];
        assert_eq!(case.expected, wanted);
        let mended = String::from_utf8(case.neighbour.unwrap()).unwrap();
        assert!(mended.ends_with("b = 1\n"), "{mended}");
    }
}
