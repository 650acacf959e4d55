//! Does an Authorization header arrive? A hub says the same of no token and of
//! one that it does not know, so it must be told in another way.
//!
//! What stands behind an ingress limits the size of all headers together:
//! Node.js, and so configurable-http-proxy, to 16 KiB
//! (`--max-http-header-size`, Node.js documentation), while nginx takes 32 KiB
//! in lines of 8 KiB (`large_client_header_buffers`). Three questions to a URL
//! that answers anybody: below the limit; above it by a header that nobody
//! removes; above it by an Authorization header. If the second is refused and
//! the third is not, the header was removed before it was counted. Where the
//! second is not refused, nothing can be said.

use jupyterhub_client::Look;

/// Whether the header arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Arrival {
    /// It does.
    Yes,
    /// It is removed on the way.
    No,
    /// It cannot be told.
    #[default]
    Unsaid,
}

/// The length of each padding header. Two and the usual ones stay below 16
/// KiB, three do not; each fits a line of nginx's.
const PAD: usize = 6_500;

/// The headers of the three questions, in the order in which [`judge`] wants
/// the answers.
pub fn questions() -> [Vec<(&'static str, String)>; 3] {
    let pad = || "x".repeat(PAD);
    let below = || vec![("x-hubprobe-pad-1", pad()), ("x-hubprobe-pad-2", pad())];
    let mut other = below();
    other.push(("x-hubprobe-pad-3", pad()));
    let mut authorization = below();
    authorization.push(("authorization", format!("token {}", pad())));
    [below(), other, authorization]
}

/// Reads the three answers; none where there was no answer.
pub fn judge(looks: &[Option<Look>]) -> Arrival {
    let [Some(below), Some(other), authorization] = looks else {
        return Arrival::Unsaid;
    };
    let refused = |look: &Look| matches!(look.head.status, 400 | 413 | 431 | 494);
    if refused(below) || !refused(other) {
        return Arrival::Unsaid;
    }
    match authorization {
        Some(look) if refused(look) => Arrival::Yes,
        Some(look) if look.head.status == below.head.status => Arrival::No,
        _ => Arrival::Unsaid,
    }
}

#[cfg(test)]
mod tests {
    use jupyterhub_client::Head;

    use super::*;

    fn look(status: u16) -> Option<Look> {
        Some(Look {
            head: Head {
                status,
                ..Head::default()
            },
            body: String::new(),
            url: "http://127.0.0.1/hub/api/".parse().unwrap(),
        })
    }

    #[test]
    fn three_answers_tell() {
        // What is said of headers that are too large; 494 is nginx's own.
        for too_large in [400, 413, 431, 494] {
            let answers = [look(200), look(too_large), look(too_large)];
            assert_eq!(judge(&answers), Arrival::Yes, "{too_large}");
        }
        for (answers, said) in [
            ([look(200), look(431), look(200)], Arrival::No),
            // A limit that is not there, or one that everything exceeds.
            ([look(200), look(200), look(200)], Arrival::Unsaid),
            ([look(431), look(431), look(431)], Arrival::Unsaid),
            // Something else happened.
            ([look(200), look(431), look(502)], Arrival::Unsaid),
            ([look(200), look(431), None], Arrival::Unsaid),
            ([None, look(431), look(431)], Arrival::Unsaid),
        ] {
            assert_eq!(judge(&answers), said, "{answers:?}");
        }
    }

    #[test]
    fn the_questions_lie_on_both_sides_of_the_limit() {
        let size = |headers: &Vec<(&str, String)>| -> usize {
            headers
                .iter()
                .map(|(name, value)| name.len() + value.len() + 4)
                .sum()
        };
        let [below, other, authorization] = questions();
        // The usual headers take some hundred bytes.
        assert!(size(&below) + 1_500 < 16 * 1024);
        assert!(size(&other) > 16 * 1024 && size(&authorization) > 16 * 1024);
        assert!(size(&other) < 32 * 1024);
    }
}
