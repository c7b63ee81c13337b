package io.haredge.demo;

import android.content.Context;
import android.graphics.Canvas;
import java.util.Locale;

/** How probable each activity is, as a bar and in per cent. */
final class ProbabilityBars extends Lanes {
    private double[] probabilities = new double[0];

    ProbabilityBars(Context context) {
        super(context);
    }

    /** @param probabilities of each lane, 0 to 1 */
    void show(double[] probabilities) {
        this.probabilities = probabilities;
        invalidate();
    }

    @Override
    void drawLane(Canvas canvas, int lane, float left, float top, float right, float bottom) {
        double probability = lane < probabilities.length ? probabilities[lane] : 0;
        float numbers = right - text.measureText("100 %");
        float end = numbers - 8 * density;
        fill.setColor(getContext().getColor(R.color.line));
        canvas.drawRect(left, top, end, bottom, fill);
        fill.setColor(colour(lane));
        canvas.drawRect(left, top, left + (float) probability * (end - left), bottom, fill);
        text.setColor(getContext().getColor(R.color.faint));
        String number = String.format(Locale.getDefault(), "%d %%", Math.round(100 * probability));
        canvas.drawText(number, right - text.measureText(number), bottom - 0.15f * laneHeight(), text);
    }
}
