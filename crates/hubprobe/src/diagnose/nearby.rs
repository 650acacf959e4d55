//! Where a hub may be that is not at the URL which was given: places nearby on
//! the same host, worth one look each.

use url::Url;

/// Prefixes under which hubs often are (`c.JupyterHub.base_url`; in
/// zero-to-jupyterhub `hub.baseUrl`).
const USUAL: &[&str] = &["jupyter/", "jhub/", "jupyterhub/"];

/// So many places are enough.
const MOST: usize = 8;

/// Base URLs to look at, likeliest first. `location` is where the first answer
/// redirected to.
pub fn places(base: &Url, location: Option<&str>) -> Vec<Url> {
    let mut places = Vec::new();
    let mut add = |path: &str, of: &Url| {
        let mut place = of.clone();
        place.set_path(path);
        place.set_query(None);
        place.set_fragment(None);
        if place != *base && !places.contains(&place) && places.len() < MOST {
            places.push(place);
        }
    };
    // A hub that is asked at the wrong place redirects below its own prefix.
    let target = location.and_then(|location| base.join(location).ok());
    if let Some(target) = target.filter(|target| target.host() == base.host()) {
        if let Some((before, _)) = target.path().split_once("/hub") {
            add(&format!("{before}/"), &target);
        }
        let path = target.path().trim_end_matches('/');
        add(&format!("{path}/"), &target);
    }
    // A prefix too much: what is above it.
    let mut path = base.path().trim_end_matches('/');
    while let Some((above, _)) = path.rsplit_once('/') {
        add(&format!("{above}/"), base);
        path = above;
    }
    // A prefix that is missing.
    for prefix in USUAL {
        add(&format!("{}{prefix}", base.path()), base);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(base: &str, location: Option<&str>) -> Vec<String> {
        let base = base.parse().unwrap();
        places(&base, location)
            .into_iter()
            .map(String::from)
            .collect()
    }

    #[test]
    fn likely_places_come_first_and_each_once() {
        assert_eq!(
            of("http://h/", Some("/jhub/hub/login?next=x")),
            [
                "http://h/jhub/",
                "http://h/jhub/hub/login/",
                "http://h/jupyter/",
                "http://h/jupyterhub/"
            ]
        );
        assert_eq!(
            of("http://h/a/b/", None)[..2],
            ["http://h/a/".to_owned(), "http://h/".to_owned()]
        );
        // Never on another host, which nobody asked us to look at.
        assert!(
            of("http://h/", Some("http://other/jhub/hub/"))
                .iter()
                .all(|url| url.starts_with("http://h/"))
        );
        assert!(of("http://h/a/b/c/d/e/f/g/h/i/", None).len() <= MOST);
    }
}
