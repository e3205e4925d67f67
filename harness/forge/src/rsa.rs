//! RSA by hand, for what no honest library signs any more: SHA-1, and keys under 2048 bits.
//!
//! It takes its time and leaks it; it is for test keys alone.

use der::{
    Any, AnyRef, Decode, Encode, Sequence,
    asn1::{BitString, OctetStringRef, UintRef},
};
use spki::{AlgorithmIdentifierOwned, AlgorithmIdentifierRef, SubjectPublicKeyInfoOwned};

/// The numbers of a private key that a signature needs, most significant octet first.
#[derive(Clone)]
pub(crate) struct Numbers {
    pub(crate) modulus: Vec<u8>,
    public: Vec<u8>,
    exponent: Vec<u8>,
}

#[derive(Sequence)]
struct PrivateKeyInfo<'a> {
    version: u8,
    algorithm: AlgorithmIdentifierRef<'a>,
    private_key: OctetStringRef<'a>,
}

#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

#[derive(Sequence)]
struct RsaPrivateKey<'a> {
    version: u8,
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
    private_exponent: UintRef<'a>,
    prime1: UintRef<'a>,
    prime2: UintRef<'a>,
    exponent1: UintRef<'a>,
    exponent2: UintRef<'a>,
    coefficient: UintRef<'a>,
}

impl Numbers {
    /// Reads a PKCS#8 `PrivateKeyInfo`.
    pub(crate) fn read(pkcs8: &[u8]) -> Option<Self> {
        let info = PrivateKeyInfo::from_der(pkcs8).ok()?;
        let key = RsaPrivateKey::from_der(info.private_key.as_bytes()).ok()?;
        let odd = key.modulus.as_bytes().last().is_some_and(|last| last & 1 == 1);
        odd.then(|| Self {
            modulus: key.modulus.as_bytes().to_vec(),
            public: key.public_exponent.as_bytes().to_vec(),
            exponent: key.private_exponent.as_bytes().to_vec(),
        })
    }

    /// `SubjectPublicKeyInfo` in DER.
    pub(crate) fn public_key(&self) -> der::Result<Vec<u8>> {
        let key = RsaPublicKey { modulus: UintRef::new(&self.modulus)?, public_exponent: UintRef::new(&self.public)? };
        let algorithm = AlgorithmIdentifierOwned {
            oid: const_oid::db::rfc5912::RSA_ENCRYPTION,
            parameters: Some(Any::from(AnyRef::NULL)),
        };
        let subject_public_key = BitString::from_bytes(&key.to_der()?)?;
        SubjectPublicKeyInfoOwned { algorithm, subject_public_key }.to_der()
    }

    /// `message` to the private exponent, as many octets as the modulus has.
    pub(crate) fn power(&self, message: &[u8]) -> Vec<u8> {
        let modulus = Limbs::from_octets(&self.modulus, self.modulus.len().div_ceil(4));
        let field = Montgomery::new(modulus);
        let base = field.enter(&Limbs::from_octets(message, field.modulus.0.len()));
        let mut power = field.enter(&Limbs::one(field.modulus.0.len()));
        for bit in self.exponent.iter().flat_map(|octet| (0..8).rev().map(move |n| octet >> n & 1)) {
            power = field.times(&power, &power);
            if bit == 1 {
                power = field.times(&power, &base);
            }
        }
        let plain = field.times(&power, &Limbs::one(field.modulus.0.len()));
        plain.to_octets(self.modulus.len())
    }
}

/// A number, least significant limb first.
#[derive(Clone)]
struct Limbs(Vec<u32>);

impl Limbs {
    fn one(len: usize) -> Self {
        let mut limbs = vec![0; len];
        if let Some(first) = limbs.first_mut() {
            *first = 1;
        }
        Self(limbs)
    }

    fn from_octets(octets: &[u8], len: usize) -> Self {
        let mut limbs: Vec<u32> =
            octets.rchunks(4).map(|chunk| chunk.iter().fold(0, |limb, octet| limb << 8 | u32::from(*octet))).collect();
        limbs.resize(len, 0);
        Self(limbs)
    }

    fn to_octets(&self, len: usize) -> Vec<u8> {
        let mut octets: Vec<u8> = self.0.iter().flat_map(|limb| limb.to_le_bytes()).collect();
        octets.resize(len, 0);
        octets.reverse();
        octets
    }

    fn is_below(&self, other: &Self) -> bool {
        self.0.iter().rev().lt(other.0.iter().rev())
    }

    /// Subtracts and gives what had to be borrowed from beyond the last limb.
    fn subtract(&mut self, other: &Self) -> u64 {
        let mut borrow = 0;
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            let difference = u64::from(*a).wrapping_sub(u64::from(*b)).wrapping_sub(borrow);
            *a = low(difference);
            borrow = difference >> 63;
        }
        borrow
    }

    /// Doubles and gives the bit that fell out.
    fn double(&mut self) -> u32 {
        let mut carry = 0;
        for limb in &mut self.0 {
            let out = *limb >> 31;
            *limb = *limb << 1 | carry;
            carry = out;
        }
        carry
    }
}

/// Multiplication modulo an odd number, in Montgomery's form.
struct Montgomery {
    modulus: Limbs,
    /// Minus the inverse of the modulus, modulo 2^32.
    inverse: u32,
    /// The square of the radix, modulo the modulus.
    square: Limbs,
}

impl Montgomery {
    fn new(modulus: Limbs) -> Self {
        let lowest = modulus.0.first().copied().unwrap_or(1);
        // Newton's iteration doubles the right bits each time: 1, 2, 4 ... 32.
        let inverse = (0..5).fold(lowest, |x, _| x.wrapping_mul(2u32.wrapping_sub(lowest.wrapping_mul(x))));
        let mut square = Limbs::one(modulus.0.len());
        for _ in 0..modulus.0.len() * 64 {
            if square.double() == 1 || !square.is_below(&modulus) {
                square.subtract(&modulus);
            }
        }
        Self { inverse: inverse.wrapping_neg(), square, modulus }
    }

    fn enter(&self, number: &Limbs) -> Limbs {
        self.times(number, &self.square)
    }

    fn times(&self, a: &Limbs, b: &Limbs) -> Limbs {
        let mut sum = vec![0u32; self.modulus.0.len() + 2];
        for limb in &a.0 {
            add_product(&mut sum, *limb, &b.0);
            let factor = sum.first().copied().unwrap_or(0).wrapping_mul(self.inverse);
            add_product(&mut sum, factor, &self.modulus.0);
            sum.rotate_left(1);
        }
        let over = sum.get(self.modulus.0.len()).copied().unwrap_or(0) != 0;
        sum.truncate(self.modulus.0.len());
        let mut product = Limbs(sum);
        if over || !product.is_below(&self.modulus) {
            product.subtract(&self.modulus);
        }
        product
    }
}

fn add_product(sum: &mut [u32], factor: u32, number: &[u32]) {
    let mut carry = 0u64;
    for (n, limb) in sum.iter_mut().enumerate() {
        let product = u64::from(factor) * u64::from(number.get(n).copied().unwrap_or(0));
        let total = u64::from(*limb) + product + carry;
        *limb = low(total);
        carry = total >> 32;
    }
}

fn low(wide: u64) -> u32 {
    (wide & u64::from(u32::MAX)) as u32
}
