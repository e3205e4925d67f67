//! The publisher of the provider index: what it has on its desk when a world begins.

use std::{collections::BTreeMap, sync::Arc};

use collaudo_forge::{Key, Signer};
use collaudo_node::Bytes;
use collaudo_record::Instant;
use collaudo_scenario::{Plan, ProviderPlan};

use crate::{
    WorldError,
    documents::{Documents, Office},
    index::{Record, own_file, records},
    live::foreign::Foreign,
    net::{DIRECTORY_HOST, exchangers},
    pki::{Identity, Pki},
    recorder::Recorder,
    tls,
};

pub(crate) fn publisher(
    plan: &Plan,
    pki: &Pki,
    recorder: &Recorder,
    foreign: Option<&Foreign>,
) -> Result<Documents, WorldError> {
    let signer = Signer::new(
        Arc::new(Key::from_der(&pki.index.key.pkcs8)?),
        &pki.index.certificate,
        &[pki.authority.certificate.to_vec()],
    )?;
    let names = plan.providers.iter().map(|provider| provider.name.clone()).collect();
    let mut licensed = BTreeMap::new();
    for provider in &plan.providers {
        let exchangers = exchangers(provider);
        let names: Vec<_> = exchangers.iter().map(String::as_str).collect();
        licensed.insert(provider.name.clone(), tls::licensed_config(pki, &names)?);
    }
    let office = Office {
        host: DIRECTORY_HOST,
        server: tls::publisher_config(pki, DIRECTORY_HOST)?,
        licensed,
        anyone: tls::client_config(pki)?,
        anchor: Bytes::copy_from_slice(pki.tls_authority()),
    };
    let (records, signed_at) = match foreign {
        None => (records(plan, pki)?, recorder.clock().now()),
        Some(foreign) => (foreign.index()?.0, Instant(foreign.listed.signed_at.saturating_mul(1_000_000))),
    };
    let own_files = own_files(plan, pki, &records)?;
    let kiosk = foreign.and_then(|foreign| foreign.kiosk.clone());
    Ok(Documents::new(recorder.clone(), records, own_files, (signer, signed_at), names, office, kiosk))
}

/// The files of those who have more than one record: of a single one the index says all.
fn own_files(plan: &Plan, pki: &Pki, records: &[Record]) -> Result<Vec<(String, Bytes)>, WorldError> {
    let with_units = plan.providers.iter().zip(&pki.providers).filter(|(provider, _)| provider.unit.is_some());
    let file = |(provider, identity): (&ProviderPlan, &Identity)| {
        let authority = pki.authority.certificate.to_vec();
        let signer = Signer::new(Arc::new(Key::from_der(&identity.key.pkcs8)?), &identity.certificate, &[authority])?;
        Ok(own_file(provider, records, &signer, plan.epoch.0.div_euclid(1_000_000)))
    };
    with_units.map(file).collect()
}
