package io.haredge.demo.core;

/** Reports, at each call, what went wrong with the sensors since the call before. */
public final class TroubleFinder {
    private final SensorReport accelerometer = new SensorReport();
    private final SensorReport gyroscope = new SensorReport();

    /**
     * The most serious trouble since the last call.
     *
     * @param gyro null if the phone has no gyroscope
     */
    public Trouble check(SensorReport acc, SensorReport gyro) {
        Trouble first = mostSerious(accelerometer, acc);
        accelerometer.set(acc);
        if (gyro == null) {
            return first;
        }
        Trouble second = mostSerious(gyroscope, gyro);
        gyroscope.set(gyro);
        return first.compareTo(second) <= 0 ? first : second;
    }

    private static Trouble mostSerious(SensorReport before, SensorReport now) {
        if (now.received == before.received) {
            return Trouble.NO_SAMPLES;
        }
        if (now.rateHz < Contract.MIN_RATE_HZ) {
            return Trouble.TOO_SLOW;
        }
        if (now.invalid > before.invalid) {
            return Trouble.INVALID;
        }
        if (now.clockJumps > before.clockJumps || now.outOfOrder > before.outOfOrder || now.stray > before.stray) {
            return Trouble.CLOCK_JUMP;
        }
        if (now.fullScale > before.fullScale) {
            return Trouble.FULL_SCALE;
        }
        if (now.stuck > before.stuck) {
            return Trouble.STUCK;
        }
        return now.gaps > before.gaps ? Trouble.GAPS : Trouble.NONE;
    }
}
