package io.haredge.demo.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class DayTest {
    private static final long MIDNIGHT = 20_000L * 86_400_000L;
    private static final String[] LABELS = {"walking", "lying"};

    private final Day day = new Day(LABELS);

    @Test
    void aMinuteShowsItsMostFrequentActivity() {
        count(61, 1, 40);
        count(61, 0, 70);
        count(61, Answer.UNKNOWN, 10);
        assertEquals(0, day.activityAt(61));
        assertEquals(Day.NOTHING, day.activityAt(62));
        assertEquals(35, day.seconds(0));
        assertEquals(20, day.seconds(1));
        assertEquals(5, day.seconds(Answer.UNKNOWN));
    }

    @Test
    void midnightStartsAnEmptyDay() {
        count(1439, 1, 100);
        count(1440, 0, 1);
        assertEquals(0, day.activityAt(0));
        assertEquals(Day.NOTHING, day.activityAt(1439));
        assertEquals(0, day.seconds(1));
    }

    @Test
    void aDayContinuesFromItsFile() throws IOException {
        count(5, 1, 100);
        Day again = new Day(LABELS);
        again.read(new DataInputStream(new ByteArrayInputStream(written())));
        again.turnTo(MIDNIGHT + 1000);
        assertEquals(1, again.activityAt(5));
        again.turnTo(MIDNIGHT + 86_400_000L);
        assertEquals(Day.NOTHING, again.activityAt(5));
    }

    @Test
    void stepsAddUpUntilMidnightAndComeBackFromTheFile() throws IOException {
        count(5, 0, 100);
        day.count(MIDNIGHT + 400_000L, 0, 17);
        assertEquals(117, day.steps());
        Day again = new Day(LABELS);
        again.read(new DataInputStream(new ByteArrayInputStream(written())));
        assertEquals(117, again.steps());
        again.turnTo(MIDNIGHT + 86_400_000L);
        assertEquals(0, again.steps());
    }

    @Test
    void aDayThatIsCutOffIsRefusedAndLeavesAnEmptyDay() throws IOException {
        count(5, 1, 100);
        byte[] whole = written();
        assertRefused(new Day(LABELS), Arrays.copyOf(whole, whole.length - 1));
        assertRefused(new Day(LABELS), new byte[3]);
        byte[] huge = whole.clone();
        huge[4] = 0x7f; // The number of activities.
        assertRefused(new Day(LABELS), huge);
    }

    @Test
    void withOtherActivitiesADayKeepsTheTimeOfThoseThatItHas() throws IOException {
        count(5, 1, 100);
        count(6, 0, 50);
        count(6, Answer.UNKNOWN, 10);
        String[] others = {"lying", "rowing, fast", "sitting"};
        Day read = new Day(others);
        read.read(new DataInputStream(new ByteArrayInputStream(written())));
        for (Day other : new Day[] {read, day.with(others)}) {
            assertEquals(0, other.activityAt(5));
            assertEquals(50, other.seconds(0));
            assertEquals(Answer.UNKNOWN, other.activityAt(6));
            assertEquals(30, other.seconds(Answer.UNKNOWN), "walking is not among them");
            assertEquals(160, other.steps());
            assertEquals(0, other.seconds(1) + other.seconds(2));
        }
    }

    private static void assertRefused(Day day, byte[] content) {
        assertThrows(IOException.class, () -> day.read(new DataInputStream(new ByteArrayInputStream(content))));
        assertEquals(Day.NOTHING, day.activityAt(5));
    }

    private byte[] written() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        day.write(new DataOutputStream(bytes));
        return bytes.toByteArray();
    }

    private void count(int minute, int activity, int times) {
        for (int answer = 0; answer < times; answer++) {
            day.count(MIDNIGHT + minute * 60_000L + 500L * answer, activity, 1);
        }
    }
}
