//! Fenced blocks of a page, what the fence says of them, the comment above them, and commands in the midst of a sentence.
//!
//! Only as much of Markdown as these pages have: fences of backticks, and comments of one line.

/// A fenced block.
#[derive(Debug, Default, Clone)]
pub struct Block {
    /// The line of the fence, from 1.
    pub line: usize,
    /// The words behind the fence: a language, what it is, and what goes with that.
    pub words: Vec<String>,
    /// Without the indentation of the fence.
    pub text: String,
    /// A comment `<!-- … -->` in the line above.
    pub note: Option<String>,
    /// Between `<!-- …: generated -->` and `<!-- end -->`: written by a test of its own.
    pub generated: bool,
}

/// A page.
#[derive(Debug, Default)]
pub struct Page {
    pub blocks: Vec<Block>,
    /// Commands in the text, `hubprobe …` between backticks, with their lines.
    pub inline: Vec<(usize, String)>,
}

/// Takes a page apart.
///
/// # Errors
/// A fence that is not closed.
pub fn read(text: &str) -> Result<Page, String> {
    let mut page = Page::default();
    // With the fence that ends it, and how far it is indented.
    let mut open: Option<(String, usize, Block)> = None;
    let (mut note, mut generated) = (None, false);
    // Prose, line by line with its number; a span between backticks may go over the end of a line.
    let mut prose: Vec<(usize, &str)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let bare = line.trim_start();
        let indent = line.len() - bare.len();
        if let Some((end, indented, block)) = &mut open {
            if bare.trim_end() == end {
                page.blocks.extend(open.take().map(|(.., block)| block));
                continue;
            }
            block
                .text
                .push_str(line.get((*indented).min(indent)..).unwrap_or_default());
            block.text.push('\n');
        } else if bare.starts_with("```") {
            let words = bare.trim_start_matches('`');
            let fence = "`".repeat(bare.len() - words.len());
            spans(&mut prose, &mut page.inline);
            let block = Block {
                line: number,
                words: words.split_whitespace().map(str::to_owned).collect(),
                text: String::new(),
                note: note.take(),
                generated,
            };
            open = Some((fence, indent, block));
        } else if let Some(comment) = bare.strip_prefix("<!--") {
            let comment = comment.trim_end().trim_end_matches("-->").trim();
            generated = comment.ends_with(": generated") || (generated && comment != "end");
            note = Some(comment.to_owned());
        } else {
            if bare.is_empty() {
                spans(&mut prose, &mut page.inline);
            } else {
                note = None;
            }
            prose.push((number, line));
        }
    }
    spans(&mut prose, &mut page.inline);
    match open {
        Some((.., block)) => Err(format!("line {}: a fence that is not closed", block.line)),
        None => Ok(page),
    }
}

/// Commands between single backticks in a paragraph, which is used up.
fn spans(prose: &mut Vec<(usize, &str)>, found: &mut Vec<(usize, String)>) {
    let lines = std::mem::take(prose);
    let Some((first, _)) = lines.first().copied() else {
        return;
    };
    let text: Vec<&str> = lines.iter().map(|(_, line)| *line).collect();
    let text = text.join("\n");
    let mut at = first;
    for (index, part) in text.split('`').enumerate() {
        let words: Vec<&str> = part.split_whitespace().collect();
        if index % 2 == 1 && words.len() > 1 && words[0] == "hubprobe" {
            found.push((at, words.join(" ")));
        }
        at += part.matches('\n').count();
    }
}

/// Fences, comments and spans are found where they are.
pub fn fences_and_spans() {
    let text = "Say `hubprobe\ncheck` or `x`.\n\n<!-- not run: why -->\n```sh\na \\\n  b\n```\n- y\n  \
                ```yaml suite s.yaml\n  k:\n    v: 1\n  ```\n";
    let page = read(text).unwrap();
    assert_eq!(page.inline, [(1, "hubprobe check".to_owned())]);
    assert_eq!(page.blocks[0].note.as_deref(), Some("not run: why"));
    assert_eq!(page.blocks[0].text, "a \\\n  b\n");
    assert_eq!(page.blocks[1].words, ["yaml", "suite", "s.yaml"]);
    assert_eq!(page.blocks[1].text, "k:\n  v: 1\n");
    assert_eq!(
        (page.blocks[1].line, page.blocks[1].note.as_deref()),
        (10, None)
    );
    assert!(read("```\n").is_err());
    let nested = read("````markdown\n```\na\n```\n````\n").unwrap();
    assert_eq!(nested.blocks.len(), 1);
}
