package io.haredge.demo;

import android.content.Context;
import android.graphics.Canvas;
import java.util.Locale;

/** The probability of each activity, as a bar and in per cent. */
final class ProbabilityBars extends ActivityRows {
    private double[] probabilities = new double[0];

    ProbabilityBars(Context context) {
        super(context);
    }

    /** @param probabilities a value for each label of the card, 0 to 1 */
    void show(double[] probabilities) {
        this.probabilities = probabilities;
        invalidate();
    }

    @Override
    void drawRow(Canvas canvas, int row, float left, float top, float right, float bottom) {
        double probability = activity(row) < probabilities.length ? probabilities[activity(row)] : 0;
        float numbers = right - text.measureText("100 %");
        float end = numbers - 8 * density;
        fill.setColor(getContext().getColor(R.color.line));
        canvas.drawRect(left, top, end, bottom, fill);
        fill.setColor(colour(row));
        canvas.drawRect(left, top, left + (float) probability * (end - left), bottom, fill);
        text.setColor(getContext().getColor(R.color.faint));
        String number = String.format(Locale.getDefault(), "%d %%", Math.round(100 * probability));
        canvas.drawText(number, right - text.measureText(number), bottom - 0.15f * rowHeight(), text);
    }
}
