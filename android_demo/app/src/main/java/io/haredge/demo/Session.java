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
import io.haredge.demo.core.BadProfileException;
import io.haredge.demo.core.Card;
import io.haredge.demo.core.Day;
import io.haredge.demo.core.Model;
import io.haredge.demo.core.PersonalModel;
import io.haredge.demo.core.Profile;
import io.haredge.demo.core.Recognizer;
import io.haredge.demo.core.TroubleFinder;
import io.haredge.demo.core.Up;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * One recognition session, from start to stop: sensors, model, recording and the day's counts.
 *
 * <p>All of them belong to the thread of {@code worker}. The package-private methods may be called from any thread.
 */
final class Session implements SensorEventListener {
    static final String MODEL = "anywhere";

    /** A hint: phones then deliver from 50 to 500 Hz, and the resampler accepts any of these rates. */
    private static final int SAMPLING_PERIOD_US = 20_000;
    /** Events may come in batches of half a second, the time between two answers, to save power. */
    private static final int MAX_REPORT_LATENCY_US = 500_000;
    private static final long CHECK_MS = 5_000;
    private static final int CHECKS_PER_SAVE = 12;
    /** Renewed at each check, so that the phone can sleep again if the app hangs. */
    private static final long WAKE_LOCK_MS = 60_000;

    private final LiveState live = LiveState.get();
    private final Context context;
    private final Handler worker;
    private final PowerManager.WakeLock wakeLock;
    private final RunningNotification notification;
    private final Consumer<String> failure;
    private final SensorManager sensors;
    private final DayFile dayFile;
    private final Runnable checker = this::check;
    private TroubleFinder troubles = new TroubleFinder();
    private Card shipped;
    private LiteRtModel model;
    /** The card of the person, or the shipped one if there is no profile. */
    private Card card;
    private Recognizer recognizer;
    private Recording recording;
    private Day day;
    private boolean hasGyroscope;
    /** Why the profile is not used; null if it is, or if there is none. */
    private String profileProblem;
    private int activity = Answer.UNKNOWN;
    private int checks;
    private boolean failed;
    private volatile boolean stopped;

    /** @param failure called on the main thread with the reason if the session cannot continue and must be stopped */
    Session(Context context, Handler worker, RunningNotification notification, Consumer<String> failure) {
        this.context = context;
        this.worker = worker;
        this.notification = notification;
        this.failure = failure;
        sensors = context.getSystemService(SensorManager.class);
        wakeLock = context.getSystemService(PowerManager.class)
                .newWakeLock(PowerManager.PARTIAL_WAKE_LOCK, "haredge:sensors");
        wakeLock.setReferenceCounted(false);
        dayFile = new DayFile(context.getFilesDir());
    }

    void start() {
        wakeLock.acquire(WAKE_LOCK_MS);
        worker.post(this::open);
    }

    /** @param why shown to the user; null if the user stopped it */
    void stop(String why) {
        stopped = true;
        worker.post(() -> close(why));
    }

    /** Starts recording to a document, after ending any current recording. */
    void record(Uri document) {
        worker.post(() -> startRecording(document));
    }

    void stopRecording() {
        worker.post(() -> endRecording(null));
    }

    /** Sets the label of a recording from now on; empty for none. */
    void label(String name) {
        worker.post(() -> {
            if (recording != null) {
                recording.label(name);
                live.labelled(name);
            }
        });
    }

    /** Takes over what the user has set, for the windows from now on. */
    void applySettings() {
        worker.post(this::restartRecognizer);
    }

    private void open() {
        try {
            shipped = LiteRtModel.loadCard(context.getAssets(), MODEL);
            model = LiteRtModel.load(context.getAssets(), shipped);
        } catch (BadModelException error) {
            fail(context.getString(R.string.bad_model, error.getMessage()));
            return;
        }
        Sensor accelerometer = sensors.getDefaultSensor(Sensor.TYPE_ACCELEROMETER);
        Sensor gyroscope = sensors.getDefaultSensor(Sensor.TYPE_GYROSCOPE);
        if (accelerometer == null || (gyroscope == null && !shipped.gyroscopeIsOptional())) {
            fail(context.getString(accelerometer == null ? R.string.no_accelerometer : R.string.no_gyroscope));
            return;
        }
        hasGyroscope = gyroscope != null;
        if (!takeRecognizer(WhichWayUp.read(context))) {
            return;
        }
        if (!register(accelerometer) || (hasGyroscope && !register(gyroscope))) {
            fail(context.getString(R.string.refused));
        } else {
            worker.postDelayed(checker, CHECK_MS);
        }
    }

    /**
     * Takes the model of the person, if there is a profile, and a recognizer with the settings; false if that failed.
     *
     * @param up which way is up for the wearer; null if it is not known
     */
    private boolean takeRecognizer(Up up) {
        Recognizer.Options options = new Recognizer.Options();
        options.gyroscope = hasGyroscope;
        options.up = up;
        Settings.apply(context, shipped, options);
        String problem = null;
        Model ofPerson = model;
        Card before = card;
        card = shipped;
        try {
            Profile profile = new ProfileFile(context.getFilesDir()).read();
            if (profile != null) {
                PersonalModel personal = new PersonalModel(shipped, model, profile);
                ofPerson = personal;
                card = personal.card;
            }
        } catch (BadProfileException error) {
            problem = context.getString(R.string.profile_unused, error.getMessage());
        }
        try {
            recognizer = new Recognizer(card, ofPerson, options, this::write);
        } catch (BadModelException error) {
            fail(context.getString(R.string.bad_model, error.getMessage()));
            return false;
        }
        if (before == null || !Arrays.equals(before.activityNames(), card.activityNames())) {
            takeDay();
            live.starting(card, day, hasGyroscope);
        }
        if (!Objects.equals(problem, profileProblem)) {
            profileProblem = problem;
            live.complain(problem);
        }
        return true;
    }

    /** The day so far, with the activities of the card. */
    private void takeDay() {
        if (day != null) {
            day = day.with(card.activityNames());
        } else {
            day = new Day(card.activityNames());
            dayFile.read(day);
        }
        day.turnTo(DayFile.localMs());
        activity = Answer.UNKNOWN;
    }

    private void restartRecognizer() {
        if (recognizer == null || failed || stopped || !takeRecognizer(recognizer.up())) {
            return; // It will start with the settings, or not at all.
        }
        troubles = new TroubleFinder(); // The counts of samples start again, so the next check must wait for samples.
        worker.removeCallbacks(checker);
        worker.postDelayed(checker, CHECK_MS);
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
        if (failed || stopped) {
            return; // More events of the batch may arrive before the listener is gone.
        }
        long time = event.timestamp;
        float x = event.values[0];
        float y = event.values[1];
        float z = event.values[2];
        boolean fromAccelerometer = event.sensor.getType() == Sensor.TYPE_ACCELEROMETER;
        try {
            if (fromAccelerometer) {
                recognizer.pushAccelerometer(time, x, y, z);
            } else {
                recognizer.pushGyroscope(time, x, y, z);
            }
        } catch (IllegalArgumentException | IllegalStateException error) { // LiteRT throws these.
            fail(context.getString(R.string.inference_failed, error.getMessage()));
        }
        if (recording != null) {
            String why = recording.push(fromAccelerometer, time, x, y, z);
            if (why != null) {
                endRecording(why);
            }
        }
    }

    @Override
    public void onAccuracyChanged(Sensor sensor, int accuracy) {
        // The drift of an uncalibrated gyroscope is too small to affect the model.
    }

    private void write(Answer answer) {
        day.count(DayFile.localMs(), answer.activity, answer.steps);
        if (answer.activity != activity) {
            activity = answer.activity;
            notification.show(ActivityNames.of(context, card, activity));
        }
        live.write(answer, recognizer.accelerometerReport().rateHz, recognizer.gyroscopeReport().rateHz);
    }

    /** Runs every five seconds. */
    private void check() {
        if (stopped) {
            return;
        }
        wakeLock.acquire(WAKE_LOCK_MS);
        live.troubled(troubles.check(
                recognizer.accelerometerReport(), hasGyroscope ? recognizer.gyroscopeReport() : null));
        if (recording != null) {
            String why = recording.flush();
            if (why != null) {
                endRecording(why);
            } else {
                live.recorded(recording.size());
            }
        }
        if (++checks % CHECKS_PER_SAVE == 0) {
            dayFile.write(day);
            WhichWayUp.write(context, recognizer.up());
        }
        worker.postDelayed(checker, CHECK_MS);
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

    /** @param why null if the user ended it */
    private void endRecording(String why) {
        if (recording != null) {
            String closingFailure = recording.close();
            recording = null;
            live.recorded(-1);
            String failureText = why != null ? why : closingFailure;
            if (failureText != null) {
                live.complain(context.getString(R.string.recording_failed, failureText));
            }
        }
    }

    /** The last work of the session, so that nothing it shows can follow the end. */
    private void close(String why) {
        sensors.unregisterListener(this);
        endRecording(null);
        if (day != null) {
            dayFile.write(day);
        }
        if (model != null) {
            model.close();
        }
        live.stopped(why);
        wakeLock.release();
    }

    private void fail(String why) {
        failed = true;
        new Handler(context.getMainLooper()).post(() -> {
            if (!stopped) {
                failure.accept(why);
            }
        });
    }
}
