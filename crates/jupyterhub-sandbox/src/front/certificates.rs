//! The certificates of fronts with TLS: good ones, and each kind of wrong one, made anew for each front. Keys never leave the
//! front's directory.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};

use crate::Error;

/// What a certificate is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certificate {
    /// For 127.0.0.1 and localhost, of an authority that the client is told of.
    Good,
    /// Its own issuer, and not marked as an authority.
    SelfSigned,
    /// As the good one, but the client is not told.
    UnknownAuthority,
    /// As the good one, but the server sends it alone.
    NoIntermediate,
    /// Until three days ago.
    Expired,
    /// From the day after tomorrow on.
    NotYet,
    /// For another host.
    WrongName,
}

/// PEM texts.
#[derive(Debug)]
pub(super) struct Pems {
    /// What the server sends.
    pub(super) chain: String,
    pub(super) key: String,
    /// The root.
    pub(super) authority: Option<String>,
    /// Whether the client is to be told of it.
    pub(super) told: bool,
}

/// Makes one with its key and, where it has them, its authorities.
pub(super) fn make(what: Certificate) -> Result<Pems, Error> {
    let failed = |error: rcgen::Error| Error::Certificate {
        reason: error.to_string(),
    };
    let key = KeyPair::generate().map_err(failed)?;
    let leaf = leaf(what).map_err(failed)?;
    if what == Certificate::SelfSigned {
        return Ok(Pems {
            chain: leaf.self_signed(&key).map_err(failed)?.pem(),
            key: key.serialize_pem(),
            authority: None,
            told: false,
        });
    }
    let new = || KeyPair::generate().map_err(failed);
    let root = authority("hubprobe sandbox root").map_err(failed)?;
    let root = CertifiedIssuer::self_signed(root, new()?).map_err(failed)?;
    let middle = authority("hubprobe sandbox intermediate").map_err(failed)?;
    let middle = CertifiedIssuer::signed_by(middle, new()?, &root).map_err(failed)?;
    let certificate = leaf.signed_by(&key, &middle).map_err(failed)?.pem();
    let chain = if what == Certificate::NoIntermediate {
        certificate
    } else {
        certificate + &middle.pem()
    };
    Ok(Pems {
        chain,
        key: key.serialize_pem(),
        authority: Some(root.pem()),
        told: what != Certificate::UnknownAuthority,
    })
}

fn leaf(what: Certificate) -> Result<CertificateParams, rcgen::Error> {
    let names: &[&str] = match what {
        Certificate::WrongName => &["hub.example.org"],
        _ => &["localhost", "127.0.0.1"],
    };
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut leaf = CertificateParams::new(names.clone())?;
    leaf.distinguished_name = called(names.first().map_or("", String::as_str));
    leaf.is_ca = IsCa::ExplicitNoCa;
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Strict clients (Python 3.13, aiohttp) refuse a certificate that does not say whose it is.
    leaf.use_authority_key_identifier_extension = true;
    let (from, until) = match what {
        Certificate::Expired => (-93, -3),
        Certificate::NotYet => (2, 92),
        _ => (-1, 89),
    };
    valid(&mut leaf, from, until);
    Ok(leaf)
}

fn authority(name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut authority = CertificateParams::new(Vec::<String>::new())?;
    authority.distinguished_name = called(name);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    authority.use_authority_key_identifier_extension = true;
    valid(&mut authority, -400, 400);
    Ok(authority)
}

fn called(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

/// Year, month and day (UTC), so many days from today.
fn in_days(days: i64) -> (i32, u8, u8) {
    let day = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
    let day = day.to_zoned(jiff::tz::TimeZone::UTC).date();
    let part = |number: i8| u8::try_from(number).unwrap_or(1);
    (day.year().into(), part(day.month()), part(day.day()))
}

/// From the beginning of one day to that of another.
fn valid(params: &mut CertificateParams, from: i64, until: i64) {
    let (year, month, day) = in_days(from);
    params.not_before = date_time_ymd(year, month, day);
    let (year, month, day) = in_days(until);
    params.not_after = date_time_ymd(year, month, day);
}
