package io.haredge.demo.core;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;

/**
 * The activities in each minute of a day, by local time; starts again at midnight.
 *
 * <p>One thread writes while another may read: the reader may see a count that is one behind, but nothing worse.
 */
public final class Day {
    public static final int MINUTES = 24 * 60;
    /** The activity of a minute without an answer. */
    public static final int NOTHING = -2;

    private static final int MAGIC = 0x48415231; // "HAR1"
    private static final long MINUTE_MS = 60_000L;
    private static final long DAY_MS = MINUTES * MINUTE_MS;

    private final String[] activities;
    /** Number of answers in each minute: for each activity, and last for unknown. */
    private final short[][] counts;
    private long day = Long.MIN_VALUE;

    /** @param activities names of labels and families */
    public Day(String[] activities) {
        this.activities = activities.clone();
        counts = new short[MINUTES][activities.length + 1];
    }

    /**
     * Counts an answer.
     *
     * @param localMs milliseconds since 1970, including the time zone's offset
     * @param activity index of its name, or {@code Answer.UNKNOWN}
     */
    public void count(long localMs, int activity) {
        turnTo(localMs);
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

    /** Writes the day; {@code read} reads it back. */
    public void write(DataOutputStream out) throws IOException {
        out.writeInt(MAGIC);
        out.writeUTF(String.join(",", activities));
        out.writeLong(day);
        for (short[] minute : counts) {
            for (short count : minute) {
                out.writeShort(count);
            }
        }
    }

    /**
     * Continues a day that was written.
     *
     * @throws IOException the file is cut off, of other activities, or not a day at all; the day is then empty
     */
    public void read(DataInputStream in) throws IOException {
        try {
            if (in.readInt() != MAGIC || !in.readUTF().equals(String.join(",", activities))) {
                throw new IOException("not a day with these activities");
            }
            long storedDay = in.readLong();
            for (short[] minute : counts) {
                for (int column = 0; column < minute.length; column++) {
                    minute[column] = (short) Math.max(0, in.readShort());
                }
            }
            day = storedDay;
        } catch (IOException error) {
            day = Long.MIN_VALUE;
            clear();
            throw error;
        }
    }
}
