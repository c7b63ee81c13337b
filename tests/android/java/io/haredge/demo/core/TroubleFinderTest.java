package io.haredge.demo.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.haredge.demo.TestFiles;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What goes wrong with sensors has a name on the screen, and goes away again. */
class TroubleFinderTest {
    private final TroubleFinder finder = new TroubleFinder();
    private Recognizer recognizer;
    private long time = 5_000_000_000L;
    private int sample;

    @BeforeEach
    void startWell() throws Exception {
        Card card = Card.parse(TestFiles.text("waist.json"));
        recognizer = new Recognizer(card, (imu, probabilities) -> probabilities[0] = 1f, answer -> {});
        good(5);
        assertEquals(Trouble.NONE, check());
    }

    @Test
    void silence() {
        assertEquals(Trouble.NO_SAMPLES, check());
        good(5);
        check(); // The gap.
        good(5);
        assertEquals(Trouble.NONE, check());
    }

    @Test
    void aGap() {
        time += 3_000_000_000L;
        good(5);
        assertEquals(Trouble.GAPS, check());
    }

    @Test
    void samplesThatAreNoNumbers() {
        recognizer.accelerometer(time, Double.NaN, 0, 0);
        good(5);
        assertEquals(Trouble.NOT_FINITE, check());
    }

    @Test
    void readingsAtTheEndOfTheRange() {
        for (int count = 0; count < 20; count++) {
            time += 20_000_000L;
            recognizer.accelerometer(time, 19.6, count, 0);
            recognizer.gyroscope(time, count, 0, 0);
        }
        good(1);
        assertEquals(Trouble.FULL_SCALE, check());
    }

    @Test
    void readingsThatStick() {
        for (int count = 0; count < 100; count++) {
            time += 20_000_000L;
            recognizer.accelerometer(time, 0, 0, 9.81);
            recognizer.gyroscope(time, count, 0, 0);
        }
        assertEquals(Trouble.STUCK, check());
    }

    @Test
    void aClockThatIsSetBack() {
        time -= 4_000_000_000L;
        good(5);
        assertEquals(Trouble.CLOCK_JUMP, check());
    }

    @Test
    void aSensorThatIsTooSlow() {
        for (int count = 0; count < 60; count++) {
            time += 90_000_000L;
            recognizer.accelerometer(time + (count == 0 ? 500_000_000L : 0), count, 0, 9.81);
            recognizer.gyroscope(time, count, 0, 0);
            time += count == 0 ? 500_000_000L : 0;
        }
        assertEquals(Trouble.TOO_SLOW, check());
    }

    private void good(int seconds) {
        for (int count = 0; count < 50 * seconds; count++) {
            time += 20_000_000L;
            sample++;
            recognizer.accelerometer(time, 0.01 * (sample % 9), 0.2, 9.81);
            recognizer.gyroscope(time, 0.01 * (sample % 7), 0.1, 0);
        }
    }

    private Trouble check() {
        return finder.check(recognizer.accelerometerReport(), recognizer.gyroscopeReport());
    }
}
