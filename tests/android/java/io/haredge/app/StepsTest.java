package io.haredge.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The day's steps and the cadence on the main screen. */
class StepsTest extends PhoneTestCase {
    private static final double STANDING_S = 12;
    private static final double UNTIL_WALKED_S = 24;
    private static final String TODAY = "Steps today: ";

    @Test
    void nobodyStepsWhileStanding() {
        startAndWear(STANDING_S);
        assertShows(TODAY + 0);
        assertFalse(showsCadence());
    }

    @Test
    void aWalkAddsToTheStepsAndShowsItsCadence() {
        startAndWear(UNTIL_WALKED_S);
        int steps = steps();
        assertTrue(steps > 8 && steps < 30, steps + " steps in ten seconds");
        assertTrue(showsCadence());
        wearer.wear(3);
        assertTrue(steps() > steps + 3);
        wearer.wear(40); // Stairs, then sitting.
        assertFalse(showsCadence());
    }

    @Test
    void theStepsOfTheDayAreKeptWhenItIsStoppedAndTheProcessEnds() {
        startAndWear(UNTIL_WALKED_S);
        phone.press("Stop");
        int steps = steps();
        assertTrue(steps > 8);
        assertFalse(showsCadence());
        phone.kill();
        phone.open("MainActivity");
        assertEquals(steps, steps());
        phone.press("Start");
        wearer.skip(120 - UNTIL_WALKED_S); // The wearer's table begins again.
        wearer.wear(STANDING_S);
        assertEquals(steps, steps());
        wearer.wear(UNTIL_WALKED_S - STANDING_S);
        assertTrue(steps() > steps + 8);
    }

    private int steps() {
        return phone.texts().stream().filter(text -> text.startsWith(TODAY)).findFirst()
                .map(text -> Integer.parseInt(text.substring(TODAY.length()))).orElseThrow();
    }

    private boolean showsCadence() {
        return phone.texts().stream().anyMatch(text -> text.endsWith(" steps a minute"));
    }
}
