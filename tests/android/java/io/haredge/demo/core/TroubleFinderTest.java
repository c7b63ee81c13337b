package io.haredge.demo.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.haredge.demo.TestFiles;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sensor faults are reported while they last. */
class TroubleFinderTest {
    private final TroubleFinder finder = new TroubleFinder();
    private Recognizer recognizer;
    private long time = 5_000_000_000L;
    private int sample;

    @BeforeEach
    void startWithGoodSamples() throws Exception {
        Card card = Card.parse(TestFiles.text("waist.json"));
        recognizer = new Recognizer(card, (imu, outputs) -> outputs.probabilities[0] = 1f, answer -> {});
        pushGood(5);
        assertEquals(Trouble.NONE, check());
    }

    @Test
    void silenceIsReportedUntilSamplesArriveAgain() {
        assertEquals(Trouble.NO_SAMPLES, check());
        pushGood(5);
        check(); // The gap.
        pushGood(5);
        assertEquals(Trouble.NONE, check());
    }

    @Test
    void aGapIsReported() {
        time += 3_000_000_000L;
        pushGood(5);
        assertEquals(Trouble.GAPS, check());
    }

    @Test
    void invalidSamplesAreReported() {
        recognizer.pushAccelerometer(time, Double.NaN, 0, 0);
        pushGood(5);
        assertEquals(Trouble.INVALID, check());
    }

    @Test
    void readingsAtTheLimitOfTheRangeAreReported() {
        for (int count = 0; count < 20; count++) {
            time += 20_000_000L;
            recognizer.pushAccelerometer(time, 19.6, count, 0);
            recognizer.pushGyroscope(time, count, 0, 0);
        }
        pushGood(1);
        assertEquals(Trouble.FULL_SCALE, check());
    }

    @Test
    void readingsThatDoNotChangeAreReported() {
        for (int count = 0; count < 100; count++) {
            time += 20_000_000L;
            recognizer.pushAccelerometer(time, 0, 0, 9.81);
            recognizer.pushGyroscope(time, count, 0, 0);
        }
        assertEquals(Trouble.STUCK, check());
    }

    @Test
    void aClockThatIsSetBackIsReported() {
        time -= 4_000_000_000L;
        pushGood(5);
        assertEquals(Trouble.CLOCK_JUMP, check());
    }

    @Test
    void aSensorThatIsTooSlowIsReported() {
        for (int count = 0; count < 60; count++) {
            time += 90_000_000L;
            recognizer.pushAccelerometer(time + (count == 0 ? 500_000_000L : 0), count, 0, 9.81);
            recognizer.pushGyroscope(time, count, 0, 0);
            time += count == 0 ? 500_000_000L : 0;
        }
        assertEquals(Trouble.TOO_SLOW, check());
    }

    private void pushGood(int seconds) {
        for (int count = 0; count < 50 * seconds; count++) {
            time += 20_000_000L;
            sample++;
            recognizer.pushAccelerometer(time, 0.01 * (sample % 9), 0.2, 9.81);
            recognizer.pushGyroscope(time, 0.01 * (sample % 7), 0.1, 0);
        }
    }

    private Trouble check() {
        return finder.check(recognizer.accelerometerReport(), recognizer.gyroscopeReport());
    }
}
