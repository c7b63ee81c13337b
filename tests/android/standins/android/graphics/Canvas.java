package android.graphics;

import io.haredge.standins.Control;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;
import java.awt.geom.Rectangle2D;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

public class Canvas {
    /** Every text that was drawn, for tests. */
    @Control public final List<String> texts = new ArrayList<>();
    /** Colour of every rectangle that was drawn. */
    @Control public final List<Integer> colours = new ArrayList<>();

    private final Graphics2D graphics;
    private final ArrayDeque<AffineTransform> saved = new ArrayDeque<>();

    @Control
    public Canvas(Graphics2D graphics) {
        this.graphics = graphics;
    }

    public int save() {
        saved.push(graphics.getTransform());
        return saved.size();
    }

    public void restore() {
        graphics.setTransform(saved.pop());
    }

    public void translate(float dx, float dy) {
        graphics.translate(dx, dy);
    }

    public void drawRect(float left, float top, float right, float bottom, Paint paint) {
        colours.add(paint.getColor());
        graphics.setColor(new Color(paint.getColor(), true));
        graphics.fill(new Rectangle2D.Float(left, top, right - left, bottom - top));
    }

    public void drawText(String text, float x, float y, Paint paint) {
        texts.add(text);
        graphics.setColor(new Color(paint.getColor(), true));
        graphics.setFont(paint.font());
        graphics.drawString(text, x, y);
    }
}
