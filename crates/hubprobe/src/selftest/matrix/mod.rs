//! The fault matrix: every way to break a hub that is known here, with the cause that must be named. One table a layer, in the
//! order in which a check meets them. Data only.

mod account;
mod environment;
mod files;
mod firecrest;
mod green;
mod hub;
mod kernel;
mod lab;
mod notebook;
mod prober;
mod reach;
mod refused;
mod server;
mod spawn;
mod stop;
mod token;
mod words;

use super::case::Case;
use crate::vocabulary::Cause;

/// All cases, layer by layer.
pub fn all() -> impl Iterator<Item = &'static Case> {
    [
        reach::CASES,
        token::CASES,
        account::CASES,
        hub::CASES,
        refused::CASES,
        spawn::CASES,
        words::CASES,
        firecrest::CASES,
        server::CASES,
        lab::CASES,
        kernel::CASES,
        environment::CASES,
        notebook::CASES,
        files::CASES,
        stop::CASES,
        prober::CASES,
        green::CASES,
    ]
    .into_iter()
    .flatten()
}

/// Causes that no case brings about, with the reason.
pub fn without_a_case() -> &'static [(Cause, &'static str)] {
    WITHOUT
}

const WITHOUT: &[(Cause, &str)] = &[(
    Cause::ProberBug,
    "there is no known bug; that one is named when there is, a unit test of the engine shows",
)];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::case::LONGEST_NAME;
    use super::*;

    #[test]
    fn every_cause_has_a_case_or_a_reason() {
        let covered: HashSet<Cause> = all().filter_map(|case| case.cause).collect();
        let excused: HashSet<Cause> = WITHOUT.iter().map(|(cause, _)| *cause).collect();
        let neither: Vec<&str> = Cause::all()
            .filter(|cause| !covered.contains(cause) && !excused.contains(cause))
            .map(Cause::code)
            .collect();
        assert!(neither.is_empty(), "no case brings about: {neither:?}");
        let both: Vec<&Cause> = covered.intersection(&excused).collect();
        assert!(both.is_empty(), "excused in vain: {both:?}");
    }

    #[test]
    fn names_are_unique_short_and_begin_with_their_layer() {
        let mut seen = HashSet::new();
        for case in all() {
            let name = case.name;
            assert!(seen.insert(name), "{name} is there twice");
            assert!(name.len() <= LONGEST_NAME, "{name} is too long");
            assert!(
                name.chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                "{name}"
            );
            assert!(
                !case.broken.ends_with('.') && !case.broken.is_empty(),
                "{name}"
            );
            assert!(!case.broken.contains('|'), "{name}");
            // What is found first may be in a layer before the one that is broken, never in one behind it.
            let layers = "reach token account hub spawn server lab kernel environment notebook files stop prober green";
            assert!(layers.split(' ').any(|it| it == case.layer()), "{name}");
        }
    }

    #[test]
    fn kinds_of_one_name_are_one_kind() {
        for case in all() {
            for other in all().filter(|other| other.hub.name == case.hub.name) {
                assert_eq!(case.hub, other.hub, "{} and {}", case.name, other.name);
            }
        }
    }

    #[test]
    fn what_happens_to_a_hub_happens_where_nobody_else_is() {
        use super::super::case::Deed;
        for case in all().filter(|case| case.hub.shared) {
            for (_, deed) in case.deeds {
                let own = matches!(
                    deed,
                    Deed::Wait(_)
                        | Deed::RevokeToken
                        | Deed::DeleteUser
                        | Deed::Start(..)
                        | Deed::Stop
                        | Deed::Signal(_)
                        | Deed::EarlierCheck
                        | Deed::EarlierLoss
                        | Deed::OtherCheck
                );
                assert!(own, "{} disturbs its neighbours: {deed:?}", case.name);
            }
        }
    }
}
