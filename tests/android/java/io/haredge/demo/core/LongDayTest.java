package io.haredge.demo.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.haredge.demo.TestFiles;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A day of two sensors at 100 Hz: 17 million events. */
class LongDayTest {
    private static final long STEP_NS = 10_000_000L;
    private static final long HOUR = 3600 * 1_000_000_000L / STEP_NS;
    private static final long WARM_UP_HOURS = 2;
    private static final long SLACK_BYTES = 1 << 20;

    private long answers;
    private long misplaced;
    private long nextEndNs = -1;

    @Test
    @Tag("slow")
    void aDayLosesOrRepeatsNoWindowAllocatesNothingAndKeepsTheHeapFlat() throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().getId();
        Card card = Card.parse(TestFiles.text("waist.json"));
        Day day = new Day(card.activityNames());
        Recognizer recognizer = new Recognizer(card, LongDayTest::alwaysTheFirstLabel, answer -> count(answer, day));
        feed(recognizer, 0, WARM_UP_HOURS * HOUR);
        long heap = heapAfterCollection();
        long allocated = threads.getThreadAllocatedBytes(thread);
        feed(recognizer, WARM_UP_HOURS * HOUR, 24 * HOUR);
        allocated = threads.getThreadAllocatedBytes(thread) - allocated;
        long grown = heapAfterCollection() - heap;
        recognizer.finish();

        long events = 2 * (24 - WARM_UP_HOURS) * HOUR;
        System.out.printf(Locale.ROOT, "haredge-day: %d events, %d windows, %d B allocated, heap %+d B%n",
                events, answers, allocated, grown);
        // 0.1 s is lost at each end to the anti-alias filter, and the two sensors start 3 ms apart.
        assertEquals((24 * 3600 - 1) * 2, answers, "windows");
        assertEquals(0, misplaced, "windows that do not come half a second after the one before");
        assertTrue(allocated < events / 100, allocated + " bytes allocated by " + events + " events");
        assertTrue(grown < SLACK_BYTES, "heap grew by " + grown);
    }

    private static void feed(Recognizer recognizer, long from, long to) {
        for (long step = from; step < to; step++) {
            long time = 1_000_000_000L + step * STEP_NS + 37_000L * (step % 7);
            double swing = 0.01 * (step % 100);
            recognizer.pushAccelerometer(time, swing, 0.5, 9.81 - swing);
            recognizer.pushGyroscope(time + 3_000_000L, swing, -swing, 0.1);
        }
    }

    private static void alwaysTheFirstLabel(float[] imu, Outputs outputs) {
        float[] probabilities = outputs.probabilities;
        float rest = 1f;
        for (int label = 1; label < probabilities.length; label++) {
            probabilities[label] = 0.01f;
            rest -= probabilities[label];
        }
        probabilities[0] = rest;
    }

    private void count(Answer answer, Day day) {
        misplaced += nextEndNs >= 0 && answer.endNs != nextEndNs ? 1 : 0;
        nextEndNs = answer.endNs + Contract.HOP_NS;
        answers++;
        day.count(answer.endNs / 1_000_000L, answer.activity, answer.steps);
    }

    private static long heapAfterCollection() {
        for (int round = 0; round < 3; round++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
