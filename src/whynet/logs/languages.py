"""Languages: what other languages call a cost, an accuracy or an epoch, put into English before a log is read."""

from __future__ import annotations

import re

WORDS = {  # English: what others say
    "cross entropy": "kreuzentropie",
    "loss": "verlust förlust verlies strata straty strát ztráta ztráty потеря потери потерь perte pertes pérdida "
    "perdida pérdidas perdita perda perdas hävikki veszteség pierdere 损失 損失 誤差 오차 손실",
    "cost": "kosten kostenfunktion kostnad omkostning koszt coût cout "
    "couts coûts costo coste custo maliyet náklady költség "
    "стоимость 代价 代價 コスト 비용",
    "error": "gesamtfehler netzfehler fehler fehlern erros errori fout fel feil "
    "fejl błąd bład błędu chyba ошибка ошибки erreur errore erro "
    "hata virhe hiba eroare 误差 錯誤 エラー",
    "accuracy": "genauigkeit treffer trefferquote nauwkeurigheid noggrannhet träffsäkerhet nøyaktighed nøyaktighet "
    "nøjagtighed dokładność dokladnosc trafność přesnost presnost точность точности exactitude précision justesse "
    "exactitud precisión acierto aciertos accuratezza precisione acurácia acuracia precisão doğruluk tarkkuus "
    "pontosság acuratețe 准确率 準確率 正确率 正確率 精度 正解率 정확도",
    "correct": "korrekt richtig richtige juist rätt poprawne poprawnych správně верно правильно правильных "
    "bonnes classés "
    "justes correctas trafione trafionych trafień aciertos acertos "
    "corrette corretti giuste giusti corretos doğru 正确 正確 正解",
    "wrong": "fehlklass fehlklassifiziert fehlklassifikation "
    "falsch falsche fouten błędne błędnych špatně неверно fausses incorrectas errati sbagliate errados "
    "错误 不正解",
    "epoch": "epoche epochen époque époques época épocas epoca epoche epok epoke epokki epoka epoki epocha epochy "
    "epokach эпоха эпохи эпох durchlauf tijdperk dönem devir 轮 輪 轮次 周期 エポック 에포크 에폭",
    "iteration": "itération itérations iteración iteraciones iterazione iterazioni iteração iterações iteratie "
    "iteracja iterace итерация итерации iterasyon 迭代 イテレーション 반복",
    "step": "schritt schritte étape etape paso pasos passo passi steg krok kroku шаг шага 步 步数 ステップ",
    "train": "appr uczące uczących trainings träning trening tréning trénink "
    "entraînement entrainement apprentissage entrenamiento addestramento "
    "treinamento treino uczenie обучение обучения обучающая обучающей eğitim 训练 訓練 学習 훈련 학습",
    "test": "testdaten prueba pruebas prova essai teste testowy testowa "
    "testowego testowym testovací testning тест теста тестовая тестовой 测试 測試 テスト 테스트",
    "validation": "verifica kontrolne kontrolnych walidacyjne validierung validering "
    "validatie walidacja walidacji validace "
    "валидация валидации validación validazione validação doğrulama проверка 验证 驗證 検証 검증",
    "output": "salida salidas ausgabe ausgaben sortie sorties uscita saída wyjście utgång uitvoer",
    "time": "dauer zeit temps tempo tiempo tijd tid czas czasu čas время süre 时间 用时 耗时 時間 시간",
    "lr": "lernrate 学习率 學習率 学習率",
    "error rate": "fehlerrate fehlerquote foutpercentage felprocent",
    "recognition rate": "erkennungsrate erkennungsquote",
    "rate": "taux tasso tasa",
    "squared": "quadratisch quadratischer quadratische quadratique cuadrático",
    "test images": "testbilder testbildern",
    "train images": "trainingsbilder trainingsbildern",
    "images": "bilder bildern bildes afbeeldingen obrazów изображений imágenes immagini imagens 图片 画像",
    "after": "po nach après después dopo depois efter после 後 后",
    "from": "von desde fra från od",
    "to": "bis auf à",
    "at": "bei",
    "stays": "bleibt bleiben reste rimane permanece blijft zostaje остаётся остается",
    "is stuck": "hängt bloqué bloquée bloccato застрял",
    "should": "sollte devrait debería",
    "and": "und och",
}
COMPOUNDS = r"(?i)\b(trainings?|train|test|validierungs?)-?(?=(?:verlust|fehler|genauigkeit|kosten|accuracy|loss))"

_SPACED = {word: english for english, words in WORDS.items() for word in words.split() if word[0] < "\u3000"}
_JOINED = {word: english for english, words in WORDS.items() for word in words.split() if word[0] >= "\u3000"}
_NAMES = re.compile(r"[^\W\d_]+")
_SIGNS = re.compile("|".join(sorted(_JOINED, key=len, reverse=True)))


def in_english(text: str) -> str:
    """The text with the words that matter here in English; everything else stays as it is.

    >>> in_english("Epoche 3: Testgenauigkeit 0,91"), in_english("第3轮 损失 2.30")
    ('epoch 3: Test accuracy 0,91', '第3 epoch   loss  2.30')
    """
    text = re.sub(COMPOUNDS, r"\1 ", text)
    text = _SIGNS.sub(lambda match: f" {_JOINED[match[0]]} ", text)
    return _NAMES.sub(lambda match: _SPACED.get(match[0].lower(), match[0]), text)
