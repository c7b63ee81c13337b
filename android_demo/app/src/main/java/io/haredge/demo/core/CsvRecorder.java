package io.haredge.demo.core;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Writes the events of both sensors as a recording that {@code har-stream --source replay:FILE} reads.
 *
 * <p>Each event is a line of its own in order of arrival, with empty cells for the other sensor and with every digit,
 * so that the replay cuts exactly the windows that were cut here. The last cell is what the wearer said they do, if
 * anything.
 */
public final class CsvRecorder implements Closeable {
    private static final String HEADER = "time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,label\n";
    private static final int BUFFER = 1 << 15;
    private static final long SECOND_NS = 1_000_000_000L;
    private static final int MAX_LABEL = 80;

    private final OutputStream out;
    private final StringBuilder line = new StringBuilder(160);
    private final byte[] buffer = new byte[BUFFER];
    private String label = "";
    private int filled;
    private long written;

    public CsvRecorder(OutputStream out) throws IOException {
        this.out = out;
        line.append(HEADER);
        endLine();
    }

    /**
     * Sets the label of the events from now on; empty for none. Characters that would end a cell become spaces, and
     * what is longer than 80 characters is cut.
     */
    public void label(String name) {
        StringBuilder kept = new StringBuilder();
        name.codePoints().limit(MAX_LABEL).forEach(point -> kept.appendCodePoint(
                point == ',' || point == '"' || Character.isISOControl(point) ? ' ' : point));
        // Each character of the line is a byte.
        label = new String(kept.toString().trim().getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    /** Writes an event of the accelerometer. */
    public void pushAccelerometer(long timeNs, double x, double y, double z) throws IOException {
        startLine(timeNs);
        values(x, y, z);
        line.append(",,,");
        endRow();
    }

    /** Writes an event of the gyroscope. */
    public void pushGyroscope(long timeNs, double x, double y, double z) throws IOException {
        startLine(timeNs);
        line.append(",,,");
        values(x, y, z);
        endRow();
    }

    /** Hands everything recorded so far to the system. */
    public void flush() throws IOException {
        out.write(buffer, 0, filled);
        filled = 0;
        out.flush();
    }

    /** Bytes recorded so far. */
    public long size() {
        return written;
    }

    @Override
    public void close() throws IOException {
        try {
            flush();
        } finally {
            out.close();
        }
    }

    private void startLine(long timeNs) {
        line.append(timeNs < 0 ? "-" : "").append(Math.abs(timeNs / SECOND_NS)).append('.');
        long rest = Math.abs(timeNs % SECOND_NS);
        for (long digit = SECOND_NS / 10; digit > 0; digit /= 10) {
            line.append((char) ('0' + rest / digit % 10));
        }
    }

    private void values(double x, double y, double z) {
        line.append(',').append(x).append(',').append(y).append(',').append(z);
    }

    private void endRow() throws IOException {
        line.append(',').append(label).append('\n');
        endLine();
    }

    /** Moves the line into the buffer. A character of it is a byte. */
    private void endLine() throws IOException {
        if (filled + line.length() > buffer.length) {
            flush();
        }
        for (int index = 0; index < line.length(); index++) {
            buffer[filled++] = (byte) line.charAt(index);
        }
        written += line.length();
        line.setLength(0);
    }
}
