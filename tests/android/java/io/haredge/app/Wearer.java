package io.haredge.app;

import android.hardware.Sensor;
import io.haredge.standins.Phone;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The sensors of a simulated wearer at any rate, from a table of har_runtime's wearer at 50 Hz. */
final class Wearer {
    private static final long TABLE_PERIOD_NS = 20_000_000L;

    private final List<float[]> table = new ArrayList<>();
    private final Phone phone;
    private final long accPeriodNs;
    private final long gyroPeriodNs;
    /** The position in the table. */
    private long atNs;
    /** The sensors' clock. */
    long clockNs = 1_000_000_000_000L;

    Wearer(Phone phone, double accHz, double gyroHz) throws IOException {
        this.phone = phone;
        accPeriodNs = Math.round(1e9 / accHz);
        gyroPeriodNs = Math.round(1e9 / gyroHz);
        for (String line : Files.readAllLines(Path.of(System.getProperty("haredge.wearer")))) {
            String[] cells = line.split(",");
            float[] row = new float[cells.length];
            for (int index = 0; index < cells.length; index++) {
                row[index] = Float.parseFloat(cells[index]);
            }
            table.add(row);
        }
    }

    /** Both sensors deliver in batches of half a second while the phone's clock advances. */
    void wear(double seconds) {
        long until = atNs + Math.round(seconds * 1e9);
        while (atNs < until) {
            long batchEnd = Math.min(atNs + 500_000_000L, until);
            deliver(Sensor.TYPE_ACCELEROMETER, accPeriodNs, 0, batchEnd);
            deliver(Sensor.TYPE_GYROSCOPE, gyroPeriodNs, 3, batchEnd);
            clockNs += batchEnd - atNs;
            phone.advance((batchEnd - atNs) / 1_000_000L);
            atNs = batchEnd;
        }
    }

    /** The wearer continues while the sensors deliver nothing. */
    void skip(double seconds) {
        atNs += Math.round(seconds * 1e9);
        clockNs += Math.round(seconds * 1e9);
    }

    /** A sensor ticks at multiples of its period, independently of the batches. */
    private void deliver(int type, long periodNs, int column, long batchEnd) {
        for (long time = (atNs + periodNs - 1) / periodNs * periodNs; time < batchEnd; time += periodNs) {
            float[] row = table.get((int) (time / TABLE_PERIOD_NS % table.size()));
            float tremble = 0.001f * (time / 1_000_000L % 7); // No real sensor repeats its readings.
            phone.deliver(type, clockNs + time - atNs, row[column] + tremble, row[column + 1], row[column + 2]);
        }
    }
}
