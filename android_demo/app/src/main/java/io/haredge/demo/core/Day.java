package io.haredge.demo.core;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * The activities in each minute of a day, by local time, and its steps; starts again at midnight.
 *
 * <p>One thread writes while another may read: the reader may see a count that is one behind, but nothing worse.
 */
public final class Day {
    public static final int MINUTES = 24 * 60;
    /** The activity of a minute without an answer. */
    public static final int NOTHING = -2;

    private static final int MAGIC = 0x48415232; // "HAR2"
    /** Of a file: more are no names of activities. */
    private static final int MAX_ACTIVITIES = 10_000;
    private static final long MINUTE_MS = 60_000L;
    private static final long DAY_MS = MINUTES * MINUTE_MS;

    private final String[] activities;
    /** Number of answers in each minute: for each activity, and last for unknown. */
    private final short[][] counts;
    private long day = Long.MIN_VALUE;
    private int steps;

    /** @param activities names of labels and families */
    public Day(String[] activities) {
        this.activities = activities.clone();
        counts = new short[MINUTES][activities.length + 1];
    }

    /** The same day with other activities; the time of one that is not among them counts as unknown. */
    public Day with(String[] others) {
        Day same = new Day(others);
        same.take(activities, counts);
        same.day = day;
        same.steps = steps;
        return same;
    }

    /**
     * Counts an answer.
     *
     * @param localMs milliseconds since 1970, including the time zone's offset
     * @param activity index of its name, or {@code Answer.UNKNOWN}
     * @param newSteps those taken since the answer before
     */
    public void count(long localMs, int activity, int newSteps) {
        turnTo(localMs);
        steps += newSteps;
        short[] minute = counts[(int) (Math.floorMod(localMs, DAY_MS) / MINUTE_MS)];
        int column = activity == Answer.UNKNOWN ? activities.length : activity;
        if (minute[column] < Short.MAX_VALUE) {
            minute[column]++;
        }
    }

    /** Moves on to the day of a time; clears the counts if it is another day. */
    public void turnTo(long localMs) {
        long today = Math.floorDiv(localMs, DAY_MS);
        if (today != day) {
            day = today;
            clear();
        }
    }

    private void clear() {
        steps = 0;
        for (short[] minute : counts) {
            Arrays.fill(minute, (short) 0);
        }
    }

    /** The most frequent activity in a minute: index of its name, {@code Answer.UNKNOWN}, or {@code NOTHING}. */
    public int activityAt(int minute) {
        int best = NOTHING;
        int most = 0;
        for (int column = 0; column <= activities.length; column++) {
            if (counts[minute][column] > most) {
                most = counts[minute][column];
                best = column == activities.length ? Answer.UNKNOWN : column;
            }
        }
        return best;
    }

    /** Seconds of the day spent in an activity: the index of its name, or {@code Answer.UNKNOWN}. */
    public int seconds(int activity) {
        int column = activity == Answer.UNKNOWN ? activities.length : activity;
        int windows = 0;
        for (short[] minute : counts) {
            windows += minute[column];
        }
        return (int) (windows * Contract.HOP_NS / 1_000_000_000L);
    }

    /** Steps taken on this day. */
    public int steps() {
        return steps;
    }

    /** Writes the day; {@code read} reads it back. */
    public void write(DataOutputStream out) throws IOException {
        out.writeInt(MAGIC);
        out.writeInt(activities.length);
        for (String activity : activities) {
            out.writeUTF(activity);
        }
        out.writeLong(day);
        out.writeInt(steps);
        for (short[] minute : counts) {
            for (short count : minute) {
                out.writeShort(count);
            }
        }
    }

    /**
     * Continues a day that was written. The time of an activity that this day does not have counts as unknown.
     *
     * @throws IOException the file is cut off, or not a day at all; the day is then empty
     */
    public void read(DataInputStream in) throws IOException {
        day = Long.MIN_VALUE;
        clear();
        if (in.readInt() != MAGIC) {
            throw new IOException("not a day");
        }
        int length = in.readInt();
        if (length < 0 || length > MAX_ACTIVITIES) {
            throw new IOException("not the activities of a day");
        }
        String[] names = new String[length];
        for (int index = 0; index < length; index++) {
            names[index] = in.readUTF();
        }
        long storedDay = in.readLong();
        int storedSteps = in.readInt();
        short[][] stored = new short[MINUTES][length + 1];
        for (short[] minute : stored) {
            for (int column = 0; column <= length; column++) {
                minute[column] = in.readShort();
            }
        }
        take(names, stored);
        day = storedDay;
        steps = Math.max(0, storedSteps);
    }

    /** Adds counts, whose columns are these activities and then unknown. */
    private void take(String[] names, short[][] others) {
        List<String> own = Arrays.asList(activities);
        for (int column = 0; column <= names.length; column++) {
            int index = column == names.length ? -1 : own.indexOf(names[column]);
            int at = index < 0 ? activities.length : index;
            for (int minute = 0; minute < MINUTES; minute++) {
                int sum = counts[minute][at] + Math.max(0, others[minute][column]);
                counts[minute][at] = (short) Math.min(sum, Short.MAX_VALUE);
            }
        }
    }
}
