use gestore::Declared;

use crate::world::*;

const BRUNO: &str = "bruno@beta.test";

/// The days that a provider has closed, with the text of each.
fn seals(world: &World, name: &str) -> Vec<(String, String)> {
    let disk = &world.machines[name].disk;
    let sealed =
        disk.history.iter().flat_map(|record| gestore::declare(record)).filter_map(|declared| match declared {
            Declared::Sealed { day, seal } => Some((day, String::from_utf8_lossy(&disk.bodies[&seal]).into_owned())),
            _ => None,
        });
    sealed.collect()
}

#[test]
fn the_log_is_sealed_at_midnight_in_rome_each_day() {
    //= PEC-DM.10-01
    //= type=test
    let mut world = World::new();
    world.anna_writes(&[BRUNO]);
    world.pass(hours(13) - minutes(1));
    assert!(seals(&world, "alfa").is_empty());
    world.pass(minutes(2));
    world.anna_writes(&[BRUNO]);
    world.pass(hours(48));
    let seals = seals(&world, "alfa");
    let days: Vec<&str> = seals.iter().map(|(day, _)| day.as_str()).collect();
    assert_eq!(days, ["2026-03-02", "2026-03-03", "2026-03-04"]);
    let lines: Vec<usize> = seals.iter().map(|(_, text)| text.matches("\"event\":\"accettazione\"").count()).collect();
    assert_eq!(lines, [1, 1, 0]);
}

#[test]
fn days_that_ended_while_the_provider_was_down_are_sealed_when_it_is_up_again() {
    let mut world = World::new();
    world.anna_writes(&[BRUNO]);
    world.crash("alfa");
    world.now = world.now + hours(24 * 3);
    world.start("alfa");
    world.pass(minutes(1));
    let days: Vec<String> = seals(&world, "alfa").into_iter().map(|(day, _)| day).collect();
    assert_eq!(days, ["2026-03-02", "2026-03-03", "2026-03-04"]);
}

#[test]
fn a_seal_that_could_not_be_kept_or_heard_of_is_made_once() {
    for commits in [Commits::Fail, Commits::Kill] {
        let mut world = World::new();
        world.anna_writes(&[BRUNO]);
        world.pass(hours(13) - minutes(1));
        world.machine("alfa").commits = commits;
        world.pass(minutes(2));
        if world.machines["alfa"].node.is_none() {
            world.start("alfa");
        }
        world.machine("alfa").commits = Commits::Stand;
        world.pass(minutes(3));
        assert_eq!(seals(&world, "alfa").len(), 1);
    }
}
