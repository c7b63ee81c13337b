package io.haredge.demo;

import android.content.Context;
import android.hardware.Sensor;
import android.hardware.SensorEvent;
import android.hardware.SensorEventListener;
import android.hardware.SensorManager;
import android.net.Uri;
import android.os.Handler;
import android.os.PowerManager;
import io.haredge.demo.core.Answer;
import io.haredge.demo.core.BadModelException;
import io.haredge.demo.core.Card;
import io.haredge.demo.core.Day;
import io.haredge.demo.core.Recognizer;
import io.haredge.demo.core.TroubleFinder;
import java.io.IOException;
import java.util.function.Consumer;

/**
 * From start to stop: the sensors, the model, the recording and the day's counts.
 *
 * <p>All of them belong to one thread, that of {@code worker}; the methods for others hand it the work.
 */
final class Session implements SensorEventListener {
    static final String MODEL = "waist";

    /** A hint: phones give from 50 to 500 Hz for it, and the resampler takes them all. */
    private static final int SAMPLING_PERIOD_US = 20_000;
    /** Events may come in batches of half a second, so that the processor sleeps in between; an answer is no rarer. */
    private static final int MAX_REPORT_LATENCY_US = 500_000;
    private static final long CHECK_MS = 5_000;
    private static final int CHECKS_PER_SAVING = 12;
    /** Renewed at each check: where the app should ever hang, the phone may sleep again. */
    private static final long WAKE_LOCK_MS = 60_000;

    private final LiveState live = LiveState.get();
    private final TroubleFinder troubles = new TroubleFinder();
    private final Context context;
    private final Handler worker;
    private final PowerManager.WakeLock wakeLock;
    private final RunningNotification notification;
    private final Consumer<String> failure;
    private final SensorManager sensors;
    private final DayFile dayFile;
    private Card card;
    private LiteRtModel model;
    private Recognizer recognizer;
    private Recording recording;
    private Day day;
    private int activity = Answer.UNKNOWN;
    private int checks;
    private volatile boolean stopped;

    /** @param failure is told, on the main thread, why there is no going on; the session is to be stopped then */
    Session(Context context, Handler worker, PowerManager.WakeLock wakeLock, RunningNotification notification,
            Consumer<String> failure) {
        this.context = context;
        this.worker = worker;
        this.wakeLock = wakeLock;
        this.notification = notification;
        this.failure = failure;
        sensors = context.getSystemService(SensorManager.class);
        dayFile = new DayFile(context.getFilesDir());
    }

    void start() {
        wakeLock.acquire(WAKE_LOCK_MS);
        worker.post(this::open);
    }

    void stop() {
        stopped = true;
        worker.post(this::close);
    }

    /** Begins to record to a document; what was being recorded ends. */
    void record(Uri document) {
        worker.post(() -> startRecording(document));
    }

    void stopRecording() {
        worker.post(() -> endRecording(null));
    }

    private void open() {
        try {
            card = LiteRtModel.loadCard(context.getAssets(), MODEL);
            model = LiteRtModel.load(context.getAssets(), card);
        } catch (BadModelException error) {
            fail(context.getString(R.string.bad_model, error.getMessage()));
            return;
        }
        day = new Day(card.labels());
        dayFile.read(day);
        day.turnTo(DayFile.localMs());
        recognizer = new Recognizer(card, model, this::take);
        live.starting(card, day);
        listen();
    }

    private void listen() {
        Sensor accelerometer = sensors.getDefaultSensor(Sensor.TYPE_ACCELEROMETER);
        Sensor gyroscope = sensors.getDefaultSensor(Sensor.TYPE_GYROSCOPE);
        if (accelerometer == null || gyroscope == null) {
            fail(context.getString(accelerometer == null ? R.string.no_accelerometer : R.string.no_gyroscope));
        } else if (!register(accelerometer) || !register(gyroscope)) {
            fail(context.getString(R.string.refused));
        } else {
            worker.postDelayed(this::check, CHECK_MS);
        }
    }

    private boolean register(Sensor sensor) {
        try {
            return sensors.registerListener(this, sensor, SAMPLING_PERIOD_US, MAX_REPORT_LATENCY_US, worker);
        } catch (SecurityException refused) {
            return false;
        }
    }

    @Override
    public void onSensorChanged(SensorEvent event) {
        long time = event.timestamp;
        float x = event.values[0];
        float y = event.values[1];
        float z = event.values[2];
        boolean ofAccelerometer = event.sensor.getType() == Sensor.TYPE_ACCELEROMETER;
        try {
            if (ofAccelerometer) {
                recognizer.accelerometer(time, x, y, z);
            } else {
                recognizer.gyroscope(time, x, y, z);
            }
        } catch (IllegalArgumentException | IllegalStateException error) { // What LiteRT throws.
            fail(context.getString(R.string.inference_failed, error.getMessage()));
        }
        if (recording != null) {
            String why = recording.take(ofAccelerometer, time, x, y, z);
            if (why != null) {
                endRecording(why);
            }
        }
    }

    @Override
    public void onAccuracyChanged(Sensor sensor, int accuracy) {
        // An uncalibrated gyroscope drifts by less than the model notices.
    }

    private void take(Answer answer) {
        day.add(DayFile.localMs(), answer.activity);
        if (answer.activity != activity) {
            activity = answer.activity;
            notification.show(Names.of(context, card, activity));
        }
        live.answered(answer, recognizer.accelerometerReport().rateHz, recognizer.gyroscopeReport().rateHz);
    }

    /** Each five seconds. */
    private void check() {
        if (stopped) {
            return;
        }
        wakeLock.acquire(WAKE_LOCK_MS);
        live.troubled(troubles.check(recognizer.accelerometerReport(), recognizer.gyroscopeReport()));
        if (recording != null) {
            String why = recording.flush();
            if (why != null) {
                endRecording(why);
            } else {
                live.recorded(recording.size());
            }
        }
        if (++checks % CHECKS_PER_SAVING == 0) {
            dayFile.write(day);
        }
        worker.postDelayed(this::check, CHECK_MS);
    }

    private void startRecording(Uri document) {
        endRecording(null);
        try {
            recording = new Recording(context.getContentResolver(), document);
            live.recorded(0);
        } catch (IOException error) {
            live.complain(context.getString(R.string.recording_failed, error.getMessage()));
        }
    }

    /** @param why it ended; null where the user wants it to */
    private void endRecording(String why) {
        if (recording != null) {
            String atTheEnd = recording.close();
            recording = null;
            live.recorded(-1);
            String said = why != null ? why : atTheEnd;
            if (said != null) {
                live.complain(context.getString(R.string.recording_failed, said));
            }
        }
    }

    /** The last that is done. */
    private void close() {
        sensors.unregisterListener(this);
        endRecording(null);
        if (day != null) {
            dayFile.write(day);
        }
        if (model != null) {
            model.close();
        }
    }

    private void fail(String why) {
        new Handler(context.getMainLooper()).post(() -> {
            if (!stopped) {
                failure.accept(why);
            }
        });
    }
}
