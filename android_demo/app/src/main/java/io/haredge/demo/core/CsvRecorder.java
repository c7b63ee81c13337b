package io.haredge.demo.core;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Writes the events of both sensors as a recording that {@code har-stream --source replay:FILE} reads.
 *
 * <p>Each event is a line of its own in order of arrival, with empty cells for the other sensor and with every digit,
 * so that the replay cuts exactly the windows that were cut here.
 */
public final class CsvRecorder implements Closeable {
    private static final String HEADER = "time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z\n";
    private static final int BUFFER = 1 << 15;
    private static final long SECOND_NS = 1_000_000_000L;

    private final OutputStream out;
    private final StringBuilder line = new StringBuilder(160);
    private final byte[] buffer = new byte[BUFFER];
    private int filled;
    private long written;

    public CsvRecorder(OutputStream out) throws IOException {
        this.out = out;
        line.append(HEADER);
        endLine();
    }

    /** Writes an event of the accelerometer. */
    public void pushAccelerometer(long timeNs, double x, double y, double z) throws IOException {
        startLine(timeNs);
        values(x, y, z);
        line.append(",,,\n");
        endLine();
    }

    /** Writes an event of the gyroscope. */
    public void pushGyroscope(long timeNs, double x, double y, double z) throws IOException {
        startLine(timeNs);
        line.append(",,,");
        values(x, y, z);
        line.append('\n');
        endLine();
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

    /** Moves the line into the buffer. It is ASCII, so a character is a byte. */
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
