package io.haredge.demo;

import android.app.Service;
import android.content.Context;
import android.content.Intent;
import android.content.pm.ServiceInfo;
import android.hardware.Sensor;
import android.hardware.SensorEvent;
import android.hardware.SensorEventListener;
import android.hardware.SensorManager;
import android.net.Uri;
import android.os.Build;
import android.os.Handler;
import android.os.HandlerThread;
import android.os.IBinder;
import android.os.PowerManager;
import io.haredge.demo.core.Answer;
import io.haredge.demo.core.BadModelException;
import io.haredge.demo.core.Card;
import io.haredge.demo.core.Day;
import io.haredge.demo.core.Recognizer;
import io.haredge.demo.core.TroubleFinder;
import java.io.IOException;

/**
 * Recognises while the screen is off: a foreground service of type health.
 *
 * <p>Sensors, model, recording and the day's counts belong to one thread of its own; the main thread only starts and ends
 * it. Where the process dies, Android starts the service again and the day goes on from its file.
 */
public final class SensorService extends Service implements SensorEventListener {
    static final String MODEL = "waist";
    static final String ACTION_START = "io.haredge.demo.START";
    static final String ACTION_STOP = "io.haredge.demo.STOP";
    /** Records to the document that the intent's data names. */
    static final String ACTION_RECORD = "io.haredge.demo.RECORD";
    static final String ACTION_STOP_RECORDING = "io.haredge.demo.STOP_RECORDING";

    /** A hint: phones give from 50 to 500 Hz for it, and the resampler takes them all. */
    private static final int SAMPLING_PERIOD_US = 20_000;
    /** Events may come in batches of half a second, so that the processor sleeps in between; an answer is no rarer. */
    private static final int MAX_REPORT_LATENCY_US = 500_000;
    private static final long CHECK_MS = 5_000;
    private static final int CHECKS_PER_SAVING = 12;
    /** Renewed at each check: where the service should ever hang, the phone may sleep again. */
    private static final long WAKE_LOCK_MS = 60_000;

    private final LiveState live = LiveState.get();
    private final TroubleFinder troubles = new TroubleFinder();
    private RunningNotification notification;
    private HandlerThread thread;
    private Handler worker;
    private PowerManager.WakeLock wakeLock;
    private SensorManager sensors;

    // Of the sensors' thread.
    private Card card;
    private LiteRtModel model;
    private Recognizer recognizer;
    private Recording recording;
    private Day day;
    private DayFile dayFile;
    private int activity = Answer.UNKNOWN;
    private int checks;

    /** Starts the service; it goes on until it is stopped. */
    static void start(Context context) {
        context.startForegroundService(new Intent(context, SensorService.class).setAction(ACTION_START));
    }

    /** Has a service that runs do something else. */
    static void send(Context context, String action, Uri data) {
        context.startService(new Intent(context, SensorService.class).setAction(action).setData(data));
    }

    @Override
    public IBinder onBind(Intent intent) {
        return null;
    }

    @Override
    public int onStartCommand(Intent intent, int flags, int startId) {
        // Android gives no intent where it starts the service again after the process died.
        String action = intent == null ? ACTION_START : intent.getAction();
        if (ACTION_STOP.equals(action)) {
            Wanted.set(this, false);
            end(null);
            return START_NOT_STICKY;
        }
        if (thread == null && !begin()) {
            return START_NOT_STICKY;
        }
        if (ACTION_RECORD.equals(action)) {
            Uri document = intent.getData();
            worker.post(() -> startRecording(document));
        } else if (ACTION_STOP_RECORDING.equals(action)) {
            worker.post(() -> stopRecording(null));
        }
        return START_STICKY;
    }

    @Override
    public void onDestroy() {
        end(null);
        super.onDestroy();
    }

    /** Everything that can be done at once, on the main thread; false where Android does not let the service run. */
    private boolean begin() {
        notification = new RunningNotification(this);
        try {
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.UPSIDE_DOWN_CAKE) {
                startForeground(RunningNotification.ID, notification.of(null), ServiceInfo.FOREGROUND_SERVICE_TYPE_HEALTH);
            } else {
                startForeground(RunningNotification.ID, notification.of(null));
            }
        } catch (SecurityException | IllegalStateException refused) {
            // After the process died Android may not let it back into the foreground until the user opens the app.
            live.stopped(getString(R.string.not_allowed));
            stopSelf();
            return false;
        }
        Wanted.set(this, true);
        wakeLock = getSystemService(PowerManager.class).newWakeLock(PowerManager.PARTIAL_WAKE_LOCK, "haredge:sensors");
        wakeLock.setReferenceCounted(false);
        wakeLock.acquire(WAKE_LOCK_MS);
        sensors = getSystemService(SensorManager.class);
        thread = new HandlerThread("sensors");
        thread.start();
        worker = new Handler(thread.getLooper());
        worker.post(this::open);
        return true;
    }

    /** Ends everything; safe to call twice. */
    private void end(String why) {
        if (thread != null) {
            sensors.unregisterListener(this);
            worker.removeCallbacksAndMessages(null);
            worker.post(this::close);
            thread.quitSafely();
            thread = null;
            wakeLock.release();
            stopForeground(STOP_FOREGROUND_REMOVE);
            live.stopped(why);
        }
        stopSelf();
    }

    /** On the sensors' thread: loads the model and asks for the sensors. */
    private void open() {
        try {
            card = LiteRtModel.loadCard(getAssets(), MODEL);
            model = LiteRtModel.load(getAssets(), card);
        } catch (BadModelException error) {
            fail(getString(R.string.bad_model, error.getMessage()));
            return;
        }
        day = new Day(card.labels());
        dayFile = new DayFile(getFilesDir());
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
            fail(getString(accelerometer == null ? R.string.no_accelerometer : R.string.no_gyroscope));
        } else if (!register(accelerometer) || !register(gyroscope)) {
            fail(getString(R.string.refused));
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
            fail(getString(R.string.inference_failed, error.getMessage()));
        }
        if (recording != null) {
            String failure = recording.take(ofAccelerometer, time, x, y, z);
            if (failure != null) {
                stopRecording(failure);
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
            notification.show(Names.of(this, card, activity));
        }
        live.answered(answer, recognizer.accelerometerReport().rateHz, recognizer.gyroscopeReport().rateHz);
    }

    /** Each five seconds, on the sensors' thread. */
    private void check() {
        wakeLock.acquire(WAKE_LOCK_MS);
        live.troubled(troubles.check(recognizer.accelerometerReport(), recognizer.gyroscopeReport()));
        if (recording != null) {
            String failure = recording.flush();
            if (failure != null) {
                stopRecording(failure);
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
        stopRecording(null);
        try {
            recording = new Recording(getContentResolver(), document);
            live.recorded(0);
        } catch (IOException error) {
            live.complain(getString(R.string.recording_failed, error.getMessage()));
        }
    }

    private void stopRecording(String failure) {
        if (recording != null) {
            String atTheEnd = recording.close();
            recording = null;
            live.recorded(-1);
            String said = failure != null ? failure : atTheEnd;
            if (said != null) {
                live.complain(getString(R.string.recording_failed, said));
            }
        }
    }

    /** On the sensors' thread, the last that is done there. */
    private void close() {
        stopRecording(null);
        if (day != null) {
            dayFile.write(day);
        }
        if (model != null) {
            model.close();
            model = null;
        }
    }

    /** On the sensors' thread: there is no going on. */
    private void fail(String why) {
        new Handler(getMainLooper()).post(() -> {
            Wanted.set(this, false);
            end(why);
        });
    }
}
