//! Writes down where the sources cite the law, so that a run's record tells it wherever the program runs, and tells it of
//! the sources that the program was made of.

#[allow(dead_code, unreachable_pub, reason = "the program and its tests use the rest")]
#[path = "src/citations.rs"]
mod citations;

use std::{env, error::Error, fmt::Write as _, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?);
    let mut table = String::from("/// Clause, file, line; ascending.\nconst CITED: &[(&str, &str, u32)] = &[\n");
    if let Some(root) = citations::source_tree() {
        for entry in fs::read_dir(&root)? {
            let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
            let name = name.to_string_lossy();
            if path.is_dir() && !name.starts_with('.') && !["target", "runs"].contains(&&*name) {
                println!("cargo::rerun-if-changed={}", path.display());
            }
        }
        for (clause, places) in citations::citations(&root)? {
            for place in places {
                writeln!(table, "    ({clause:?}, {:?}, {}),", place.file, place.line)?;
            }
        }
    }
    table.push_str("];\n");
    fs::write(out.join("cited.rs"), table)?;
    Ok(())
}
