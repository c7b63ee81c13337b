package io.haredge.demo;

import android.app.Activity;
import android.content.Intent;
import android.content.res.AssetManager;
import android.os.Build;
import android.os.Bundle;
import android.os.Handler;
import android.os.HandlerThread;
import android.view.WindowManager;
import android.widget.Button;
import android.widget.LinearLayout;
import android.widget.ScrollView;
import android.widget.TextView;
import io.haredge.demo.core.BadModelException;
import io.haredge.demo.core.Benchmark;
import io.haredge.demo.core.Card;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import org.tensorflow.lite.TensorFlowLite;

/** Measures latency and memory of the int8 and the float32 model on this phone; the result is har-bench's JSON. */
public final class BenchmarkActivity extends Activity {
    private static final String APP_VERSION = "0.1.0";
    private static final int MARGIN_DP = 16;

    private HandlerThread thread;
    private Handler main;
    private TextView result;
    private Button run;
    private Button share;
    private String json;

    @Override
    protected void onCreate(Bundle savedInstanceState) {
        super.onCreate(savedInstanceState);
        main = new Handler(getMainLooper());
        thread = new HandlerThread("benchmark");
        thread.start();
        LinearLayout column = new LinearLayout(this);
        column.setOrientation(LinearLayout.VERTICAL);
        int margin = Math.round(MARGIN_DP * getResources().getDisplayMetrics().density);
        column.setPadding(margin, margin, margin, margin);
        TextView about = new TextView(this);
        about.setText(R.string.benchmark_about);
        column.addView(about);
        run = new Button(this);
        run.setText(R.string.run);
        run.setOnClickListener(view -> start());
        column.addView(run);
        result = new TextView(this);
        result.setTextIsSelectable(true);
        result.setAccessibilityLiveRegion(TextView.ACCESSIBILITY_LIVE_REGION_POLITE);
        column.addView(result);
        share = new Button(this);
        share.setText(R.string.share);
        share.setEnabled(false);
        share.setOnClickListener(view -> share());
        column.addView(share);
        ScrollView root = new ScrollView(this);
        root.setFitsSystemWindows(true);
        root.addView(column);
        setContentView(root);
        getWindow().addFlags(WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON);
    }

    @Override
    protected void onDestroy() {
        main.removeCallbacksAndMessages(null);
        thread.quit();
        super.onDestroy();
    }

    private void start() {
        run.setEnabled(false);
        result.setText(R.string.measuring);
        new Handler(thread.getLooper()).post(this::measure);
    }

    /** Runs on its own thread. */
    private void measure() {
        List<LiteRtModel> open = new ArrayList<>();
        try {
            AssetManager assets = getAssets();
            Card card = LiteRtModel.loadCard(assets, Session.MODEL);
            String float32Name = card.name + "-fp32.tflite";
            Benchmark benchmark = new Benchmark(card,
                    model(assets, card, card.name, card.name + ".tflite", "int8", card.macroF1, open),
                    model(assets, card, float32Name, float32Name, "fp32", Double.NaN, open));
            benchmark.run();
            String resultJson = benchmark.toJson(machine());
            String text = describe(benchmark);
            main.post(() -> show(text, resultJson));
        } catch (BadModelException error) {
            String text = getString(R.string.bad_model, error.getMessage());
            main.post(() -> show(text, null));
        } catch (IllegalArgumentException | IllegalStateException error) { // LiteRT throws these.
            String text = getString(R.string.inference_failed, error.getMessage());
            main.post(() -> show(text, null));
        } finally {
            for (LiteRtModel model : open) {
                model.close();
            }
        }
    }

    private static Benchmark.MeasuredModel model(AssetManager assets, Card card, String name, String file,
            String format, double macroF1, List<LiteRtModel> open) throws BadModelException {
        byte[] content = LiteRtModel.read(assets, file);
        return new Benchmark.MeasuredModel(name, format, content.length, macroF1, () -> {
            LiteRtModel model = new LiteRtModel(content, card);
            open.add(model);
            return model;
        });
    }

    private static Benchmark.Machine machine() {
        String chip = Build.VERSION.SDK_INT >= Build.VERSION_CODES.S ? Build.SOC_MODEL : Build.HARDWARE;
        String cpu = Build.MODEL + " (" + chip + ")";
        return new Benchmark.Machine(LocalDate.now().toString(), cpu, Build.SUPPORTED_ABIS[0],
                "Android " + Build.VERSION.RELEASE, APP_VERSION, TensorFlowLite.runtimeVersion());
    }

    private String describe(Benchmark benchmark) {
        StringBuilder lines = new StringBuilder();
        for (Benchmark.MeasuredModel measured : benchmark.models()) {
            double mib = measured.memoryMib();
            String memory = Double.isNaN(mib) ? getString(R.string.memory_unknown) : getString(R.string.memory, mib);
            lines.append(getString(R.string.benchmark_row, measured.name, measured.latencyUs(50),
                    measured.latencyUs(90), measured.latencyUs(99), memory)).append('\n');
        }
        String noise = benchmark.noise();
        return noise == null ? lines.toString() : lines + getString(R.string.noisy, noise);
    }

    /** Runs on the main thread. */
    private void show(String text, String resultJson) {
        json = resultJson;
        result.setText(text);
        run.setEnabled(true);
        share.setEnabled(resultJson != null);
    }

    private void share() {
        Intent send = new Intent(Intent.ACTION_SEND)
                .setType("application/json")
                .putExtra(Intent.EXTRA_SUBJECT, getString(R.string.share_title))
                .putExtra(Intent.EXTRA_TEXT, json);
        startActivity(Intent.createChooser(send, getString(R.string.share_title)));
    }
}
