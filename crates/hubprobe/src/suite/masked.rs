//! A line of a suite file as it may be shown in an error. Suites hold no
//! secrets, except where somebody has just made the mistake that the error is
//! about.

/// A line as it may be shown in an error: harmless for a terminal, no longer
/// than 100 characters, and with stars over what may be a secret: the value of
/// a key `token`, a password in a URL, long words of letters and digits
/// (JupyterHub's own tokens are 32 hexadecimal digits).
pub(crate) fn masked(line: &str) -> String {
    let mut chars: Vec<char> = line
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    mask_token(&mut chars);
    mask_userinfo(&mut chars);
    mask_long_words(&mut chars);
    if chars.len() > 100 {
        chars.truncate(99);
        chars.push('…');
    }
    chars.into_iter().collect()
}

/// A text that repeats words of the file, with stars over those that may be a
/// secret: long, of letters and digits. Names with hyphens stay readable.
pub(crate) fn masked_words(text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    mask_long_words(&mut chars);
    chars.into_iter().collect()
}

fn stars(chars: &mut [char], from: usize, to: usize) {
    for c in chars
        .iter_mut()
        .take(to)
        .skip(from)
        .filter(|c| !c.is_whitespace())
    {
        *c = '*';
    }
}

fn mask_token(chars: &mut [char]) {
    let line: String = chars.iter().collect();
    let Some((_, after)) = ["token:", "token\":", "token':"]
        .iter()
        .find_map(|key| line.split_once(key))
    else {
        return;
    };
    let inner = after.trim_start().trim_start_matches('{').trim_start();
    let is_place = ["file:", "env:", "command:", "*", "&", "#"]
        .iter()
        .any(|start| inner.starts_with(start));
    if !is_place {
        let end = chars.len();
        let from = end - after.chars().count();
        stars(chars, from, end);
    }
}

fn mask_userinfo(chars: &mut [char]) {
    let line: String = chars.iter().collect();
    if let Some((before, after)) = line.split_once("://") {
        let authority: String = after
            .chars()
            .take_while(|c| !matches!(c, '/' | '?' | '#' | ' ' | '"' | '\''))
            .collect();
        if let Some((userinfo, _)) = authority.rsplit_once('@') {
            let from = before.chars().count() + 3;
            stars(chars, from, from + userinfo.chars().count());
        }
    }
}

fn mask_long_words(chars: &mut [char]) {
    let in_word = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+');
    let mut from = 0;
    while from < chars.len() {
        let length = chars.iter().skip(from).take_while(|c| in_word(c)).count();
        let word: Vec<char> = chars.iter().skip(from).take(length).copied().collect();
        let mixed =
            word.iter().any(char::is_ascii_digit) && word.iter().any(char::is_ascii_alphabetic);
        let hex = word.iter().all(char::is_ascii_hexdigit);
        if mixed && (length >= 20 || (hex && length >= 12)) {
            stars(chars, from, from + length);
        }
        from += length + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_hidden() {
        assert_eq!(masked("  token: abc # x"), "  token: *** * *");
        assert_eq!(masked("  token: { value: abc }"), "  token: * ****** *** *");
        assert_eq!(masked("  token: { file: abc }"), "  token: { file: abc }");
        assert_eq!(masked("url: https://me:pw@h/x"), "url: https://*****@h/x");
        assert_eq!(
            masked("X: 0123456789abcdef0123456789abcdef"),
            format!("X: {}", "*".repeat(32))
        );
        assert_eq!(
            masked_words("the hub `jupyter-production-europe-west-1`: 9f86d081884c"),
            "the hub `jupyter-production-europe-west-1`: ************"
        );
        assert_eq!(masked("a\u{1b}[31mb"), "a [31mb");
    }
}
